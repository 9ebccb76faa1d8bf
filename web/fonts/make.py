"""Writes the shop's fonts: Anek in five scripts, two weights, only what is needed of each.

    uv run --no-project --with fonttools --with brotli --with uharfbuzz python web/fonts/make.py FOLDER

FOLDER holds the npm packages `@fontsource-variable/anek-{latin,devanagari,tamil,telugu,kannada}` (5.3.0, OFL 1.1), as
`npm install` lays them out. Kept are the shapes that shaping the product texts needs, every letter with every vowel sign,
the conjuncts of ordinary Hindi and all pairs of Telugu and Kannada; a rarer conjunct shows with its halant, as print does.
`figures` is what Indian pages use of Latin: figures, rupees, ASCII, unkerned; so they need no file of whole Latin.

हिन्दी: हर लिपि की फ़ाइल तभी आती है जब उसके अक्षर पन्ने पर हों।
"""

import io
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uharfbuzz
from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).parent
WEIGHTS = {"text": 450, "bold": 700}
EM = 1000
"""Units to the em, half of what Anek comes with: a fiftieth of a pixel in our largest letters."""
LEAST_KERN = 24
"""Pairs that move by less, 0.4 px in text, are left as they are: most of Anek's 12 kB of Indian kerning."""
FIRST = {"devanagari": 0x900, "tamil": 0xB80, "telugu": 0xC00, "kannada": 0xC80}
LATIN = "0020-007E,00A0-00FF,2010-2015,2018-201E,2022,2026,2030,20B9,2190-2193,2212"
FIGURES = "0020-007E,00A0,00B7,00D7,2013,2014,2018,2019,201C,201D,2022,2026,20B9,2212"
HINDI = (HERE / "conjuncts.txt").read_text(encoding="utf-8").split()


def texts(script: str) -> Iterator[str]:
    """All that must be set well in a script."""
    first = FIRST[script]
    letter = [chr(first + i) for i in range(0x80)]
    consonants, signs, halant = letter[0x15:0x3A], [*letter[0x3E:0x4D], ""], letter[0x4D]
    ra, ya = letter[0x30], letter[0x2F]
    for file in sorted((HERE.parents[1] / "src").rglob("*.yaml")):
        yield from set(re.findall(f"[{letter[0]}-{letter[-1]}\u200c\u200d]+", file.read_text(encoding="utf-8")))
    yield from letter
    for consonant, sign in itertools.product(consonants, signs):
        yield consonant + sign
    for consonant in consonants:
        yield from (consonant + halant + after for after in (ra, ya, "", "\u200d"))
        yield ra + halant + consonant
    if script == "devanagari":
        yield from HINDI
        dotted = [consonant + "\u093c" for consonant in "कखगजडढफय"]
        yield from (
            a + b for a, b in itertools.product(dotted, (*signs, halant, halant + "\u200d", halant + ya, halant + ra))
        )
        yield from (conjunct + sign for conjunct, sign in itertools.product(("क्ष", "ज्ञ", "त्र", "श्र", "स्त्र"), signs))
    if script == "tamil":
        yield "ஸ்ரீ"
        yield from ("க்ஷ" + sign for sign in signs)
    if script in ("telugu", "kannada"):
        yield from (a + halant + b for a, b in itertools.product(consonants, consonants))
        yield from (consonants[0] + halant + c + sign for c, sign in itertools.product(consonants, signs))


def shapes(font: bytes, script: str) -> set[int]:
    """The glyphs that the texts come to."""
    shaper, found = uharfbuzz.Font(uharfbuzz.Face(font)), set()
    for text in texts(script):
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(shaper, buffer)
        found |= {info.codepoint for info in buffer.glyph_infos}
    return found


def loosen(font: TTFont) -> None:
    """Take away kerning that nobody sees."""
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            pairs = table.ExtSubTable if table.LookupType == 9 else table
            if pairs.LookupType == 2 and pairs.Format == 1:
                for pair_set in pairs.PairSet:
                    pair_set.PairValueRecord = [r for r in pair_set.PairValueRecord if _seen(r)]
                    pair_set.PairValueCount = len(pair_set.PairValueRecord)
            elif pairs.LookupType == 2:
                for record in (each for row in pairs.Class1Record for each in row.Class2Record):
                    if not _seen(record):
                        for value in filter(None, (record.Value1, record.Value2)):
                            vars(value).update(dict.fromkeys(vars(value), 0))


def _seen(pair: Any) -> bool:
    values = (number for value in (pair.Value1, pair.Value2) if value for number in vars(value).values())
    return any(abs(number) >= LEAST_KERN for number in values)


def make(folder: Path, name: str) -> None:
    """Both weights of a script, or of the figures."""
    script = "latin" if name == "figures" else name
    source = folder / f"anek-{script}" / "files" / f"anek-{script}-{script}-wght-normal.woff2"
    for weight, wght in WEIGHTS.items():
        font = instantiateVariableFont(TTFont(source), {"wght": wght})
        font.flavor = None
        plain = io.BytesIO()
        font.save(plain)
        features = ["tnum"] if name == "figures" else ["*"]
        subsetter = Subsetter(Options(layout_features=features, hinting=False, layout_closure=script == "latin"))
        if script == "latin":
            subsetter.populate(unicodes=parse_unicodes(FIGURES if name == "figures" else LATIN))
        else:
            # Shaped at this very weight: Anek draws some signs otherwise when they are bold.
            order = font.getGlyphOrder()
            kept = {order[glyph] for glyph in shapes(plain.getvalue(), script)}
            subsetter.populate(
                glyphs=kept, unicodes=[*range(FIRST[script], FIRST[script] + 0x80), 0x200C, 0x200D, 0x25CC]
            )
        font = TTFont(io.BytesIO(plain.getvalue()))
        subsetter.subset(font)
        scale_upem(font, EM)
        if script != "latin":
            loosen(font)
        font.flavor = "woff2"
        out = HERE / f"anek-{name}-{weight}.woff2"
        font.save(out)
        print(out.name, out.stat().st_size)


if __name__ == "__main__":
    for each in ("latin", "figures", *FIRST):
        make(Path(sys.argv[1]), each)
