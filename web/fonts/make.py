"""Writes the shop's fonts: Anek in five scripts, two weights, only the shapes that are needed.

    uv run --no-project --with fonttools --with brotli --with uharfbuzz python web/fonts/make.py FOLDER

FOLDER holds the npm packages `@fontsource-variable/anek-{latin,devanagari,tamil,telugu,kannada}` (5.3.0, OFL 1.1), as
`npm install` lays them out. Kept are the shapes that shaping the product texts needs, every letter with every vowel sign,
the conjuncts of ordinary Hindi and all pairs of Telugu and Kannada; a rarer conjunct shows with its halant, as print does.

हिन्दी: हर लिपि की फ़ाइल तभी आती है जब उसके अक्षर पन्ने पर हों।
"""

import io
import itertools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import uharfbuzz
from fontTools.subset import Options, Subsetter, parse_unicodes
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

HERE = Path(__file__).parent
WEIGHTS = {"text": 450, "bold": 700}
FIRST = {"devanagari": 0x900, "tamil": 0xB80, "telugu": 0xC00, "kannada": 0xC80}
LATIN = "0020-007E,00A0-00FF,2010-2015,2018-201E,2022,2026,2030,20B9,2190-2193,2212"
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


def make(folder: Path, script: str) -> None:
    """Both weights of one script."""
    source = folder / f"anek-{script}" / "files" / f"anek-{script}-{script}-wght-normal.woff2"
    for name, weight in WEIGHTS.items():
        font = instantiateVariableFont(TTFont(source), {"wght": weight})
        font.flavor = None
        plain = io.BytesIO()
        font.save(plain)
        subsetter = Subsetter(Options(layout_features=["*"], hinting=False, layout_closure=script == "latin"))
        if script == "latin":
            subsetter.populate(unicodes=parse_unicodes(LATIN))
        else:
            # Shaped at this very weight: Anek draws some signs otherwise when they are bold.
            order = font.getGlyphOrder()
            kept = {order[glyph] for glyph in shapes(plain.getvalue(), script)}
            subsetter.populate(
                glyphs=kept, unicodes=[*range(FIRST[script], FIRST[script] + 0x80), 0x200C, 0x200D, 0x25CC]
            )
        font = TTFont(io.BytesIO(plain.getvalue()))
        subsetter.subset(font)
        font.flavor = "woff2"
        out = HERE / f"anek-{script}-{name}.woff2"
        font.save(out)
        print(out.name, out.stat().st_size)


if __name__ == "__main__":
    for each in ("latin", *FIRST):
        make(Path(sys.argv[1]), each)
