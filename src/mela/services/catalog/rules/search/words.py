"""Words of names and queries in one spelling, and how they sound.

U+200C, U+200D and the nukta are left out, since people type with and without them; a chandrabindu counts as an anusvara.
The four Indian scripts descend from one order of letters, so a letter's offset in its Unicode block says its sound: one table
reads them all. "चावल", "chawal" and "chaval" sound alike here.

Source: The Unicode Standard, chapter 12, code charts U+0900, U+0B80, U+0C00, U+0C80 (https://www.unicode.org/charts/, recalled).
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

LONGEST = 80
"""Letters of a word that count."""

_DROPPED = re.compile("[\u200b-\u200d\u2060\ufeff\u0300-\u036f\u093c\u0c3c\u0cbc]")
_CHANDRABINDU = {0x0901: 0x0902, 0x0B81: 0x0B82, 0x0C01: 0x0C02, 0x0C81: 0x0C82}
_DIGITS = {zero + value: str(value) for zero in (0x0966, 0x0BE6, 0x0C66, 0x0CE6) for value in range(10)}
_ONE_SPELLING: dict[int, int | str] = {**_CHANDRABINDU, **_DIGITS}
_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?|(?:[^\W\d_]|[\u0900-\u0963\u0970-\u0dff])+")

_BLOCKS = (0x0900, 0x0B80, 0x0C00, 0x0C80)
_OTHERS = {0x02: "~", 0x03: "h"} | dict(zip(
    (*range(0x05, 0x0C), *range(0x0D, 0x15)), "a aa i ii u uu ri e e e ai o o o au".split(), strict=True,
))  # fmt: skip
"""Anusvara, visarga, vowels that stand alone. An anusvara sounds like the letter behind it."""
_CONSONANTS = dict(zip(
    range(0x15, 0x3A),
    "k kh g gh n ch chh j jh n t th d dh n t th d dh n n p ph b bh m y r r l l l v sh sh s h".split(), strict=True,
))  # fmt: skip
_SIGNS = {0x4D: ""} | dict(zip(
    (*range(0x3E, 0x44), *range(0x45, 0x4D)), "aa i ii u uu ri e e e ai o o o au".split(), strict=True,
))  # fmt: skip
"""Vowel signs, and the virama that says there is no vowel."""

_SPELLINGS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("aa+", "a"), ("ee+|ii+|ie|ea", "i"), ("oo+|uu+", "u"), ("[ae][iy]", "e"), ("au|ou|ow", "o"),
        ("~(?=[pbm])|~$", "m"), ("~", "n"), ("ph|hp", "f"), ("ck|q|c(?![eihy])", "k"), ("c(?=[eiy])", "s"), ("chh", "ch"), ("x", "ks"),
        ("w", "v"), ("z", "j"), ("([kgtdbj])h", r"\1"), ("sh", "s"), ("n(?=[pbm])", "m"),
        (r"([a-z])\1+", r"\1"), ("y$", "i"), ("(?<=[a-z][^aeiou])[ae]$", ""),
    )
]  # fmt: skip


def words(text: str) -> list[str]:
    """The words of a text in reading order; a number next to letters is a word of its own: `5kg` is `5`, `kg`."""
    plain = unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKD", text.casefold()).casefold()))
    return [word[:LONGEST] for word in _WORD.findall(plain.translate(_ONE_SPELLING))]


def joined(sequence: list[str]) -> list[str]:
    """Each two neighbours as one word, since people write `power bank` and `powerbank`, `5 kg` and `5kg`."""
    return [one + two for one, two in pairwise(sequence)]


@lru_cache(maxsize=16_384)
def latin(word: str) -> str:
    """A word in plain Latin letters, spelled as it sounds: `cooker`, `cuker` and `कुकर` are near each other."""
    sound = _romanised(word)
    for pattern, replacement in _SPELLINGS:
        sound = pattern.sub(replacement, sound)
    return sound


def heard(plain: str) -> str:
    """What of a `latin` word is heard however it is spelled: all but an `a` after its first letter."""
    return plain[:1] + plain[1:].replace("a", "")


def _romanised(word: str) -> str:
    """Indian letters by their place in the block; a vowel sign replaces the `a` of its consonant. Others as they are."""
    sounds: list[str] = []
    for letter in word:
        block = next((start for start in _BLOCKS if start <= ord(letter) < start + 0x80), None)
        offset = -1 if block is None else ord(letter) - block
        if offset in _CONSONANTS:
            sounds += [_CONSONANTS[offset], "a"]
        elif offset in _SIGNS:
            sounds[-1:] = [_SIGNS[offset]]
        else:
            sounds.append(_OTHERS.get(offset, "" if block else letter))
    return "".join(sounds)
