"""Amounts in words, as an invoice or a cheque prints them: `Rupees one lakh five hundred and fifty paise only`.

A number is a chain of counted nouns, from crores down to hundreds and a rest below a hundred; rupees and paise are two
more. Each noun knows how it ends a chain and how it goes on: दो लाख, இரண்டு லட்சத்து, రెండు లక్షల, ಎರಡು ಲಕ್ಷದ.
"""

from __future__ import annotations

from mela.kernel.money import vocabulary
from mela.kernel.money.arithmetic import PAISE_PER_RUPEE, Paise
from mela.kernel.money.figures import LARGEST, rupees
from mela.kernel.money.vocabulary import Noun, Vocabulary

SIZES = (("crore", 1_00_00_000), ("lakh", 1_00_000), ("thousand", 1_000), ("hundred", 100))


def words(amount: Paise, lang: str = "en") -> str:
    """An amount in words of one of the five languages; no two amounts have the same words.

    Raises: ValueError beyond `LARGEST` on either side of zero.
    """
    if abs(amount) > LARGEST:
        raise ValueError(f"{rupees(amount)} is too much for words; the most is {rupees(LARGEST)}")
    spoken = vocabulary.of(lang)
    whole, part = divmod(abs(amount), PAISE_PER_RUPEE)
    said = [spoken.minus] if amount < 0 else []
    if whole or not part:
        said.append(_counted(spoken, spoken.nouns["rupee"], whole, more=part > 0))
    if part:
        said.append(_counted(spoken, spoken.nouns["paisa"], part, more=False))
    text = " ".join([*said, spoken.only])
    return text[0].upper() + text[1:]


def _counted(spoken: Vocabulary, noun: Noun, count: int, more: bool) -> str:
    if noun.by_count:
        return noun.by_count[count - 1][more]
    return (noun.one if count == 1 else noun.many)[more].replace("{n}", _number(spoken, count))


def _number(spoken: Vocabulary, number: int) -> str:
    """A number, zero or more, as it stands before what it counts."""
    parts = []
    for name, size in SIZES:
        count, number = divmod(number, size)
        if count:
            parts.append(_counted(spoken, spoken.nouns[name], count, more=number > 0))
    if number or not parts:
        changed = {**spoken.before_noun, **(spoken.after_more if parts else {})}
        parts.append(changed.get(number, spoken.numbers[number]))
    return " ".join(parts)
