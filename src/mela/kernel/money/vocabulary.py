"""The number words of each language, read once from `kernel/data/number-words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mela.kernel import tables

SOURCE = Path(__file__).parent.parent / "data" / "number-words.yaml"

Ending = tuple[str, str]
"""How a word stands at the end of a number, and how before a further part of it."""


@dataclass(frozen=True, slots=True)
class Noun:
    """What is counted, from a hundred to a rupee. A template has the number in place of `{n}`."""

    many: Ending
    one: Ending
    by_count: tuple[Ending, ...] = ()
    """For 1, 2, 3 …, where the number and the noun have grown together; then the templates are unused."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language's words."""

    numbers: tuple[str, ...]
    """0 to 99, as one counts."""
    before_noun: Mapping[int, str]
    """Numbers that change before what they count."""
    after_more: Mapping[int, str]
    """Numbers that change otherwise there when a higher part precedes them."""
    nouns: Mapping[str, Noun]
    short: Mapping[str, Mapping[str, str]]
    """Lakh and crore after figures: unit, then `one` or `many`."""
    only: str
    minus: str


NOUNS = ("hundred", "thousand", "lakh", "crore", "rupee", "paisa")


@cache
def of(lang: str) -> Vocabulary:
    """Raises: KeyError for a language without number words."""
    entry = _document()[lang]
    return Vocabulary(
        numbers=tuple(entry["numbers"]),
        before_noun=entry.get("before_noun", {}),
        after_more=entry.get("after_more", {}),
        nouns={name: _noun(entry[name]) for name in NOUNS},
        short=entry["short"],
        only=entry["only"],
        minus=entry["minus"],
    )


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = tables.read(SOURCE)
    return document


def _noun(entry: Any) -> Noun:
    if isinstance(entry, list):
        endings = tuple(_ending(pair) for pair in entry)
        return Noun(many=("", ""), one=("", ""), by_count=endings)
    many = _ending(entry["many"])
    return Noun(many=many, one=_ending(entry["one"]) if "one" in entry else many)


def _ending(entry: str | list[str]) -> Ending:
    return (entry, entry) if isinstance(entry, str) else (entry[0], entry[1])
