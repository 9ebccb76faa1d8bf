"""How like a name is to the names on a screening list: of people with whom nobody may do business.

Names are compared as sets of words, without marks, titles and order: "Md. Karim, ABDUL" is "Abdul Karim". Only the Latin
script is compared; names in others are not on such lists as they are published, and are like none here.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

_TITLES = frozenset("mr mrs ms miss dr shri sri smt kumari md mohd alias".split())
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Screening:
    """A list, its names made comparable; `ids` beside them."""

    names: Sequence[str]
    ids: Sequence[str]


@dataclass(frozen=True)
class Likeness:
    """The nearest entry of a list: 100 where it is the same name."""

    score: float
    id: str


NOBODY = Likeness(0.0, "")


def read(text: str) -> Screening:
    """A list from CSV with the columns `id,name,aliases`; aliases are parted by `;`. Raises: ValueError with the line."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    if rows.fieldnames is None or not {"id", "name", "aliases"} <= set(rows.fieldnames):
        raise ValueError("line 1: the columns are id,name,aliases")
    names, ids = [], []
    try:
        for row in rows:
            if not row["id"] or not row["name"] or not comparable(row["name"]):
                raise ValueError(f"line {rows.line_num}: an entry has an id and a name in Latin letters")
            for name in (row["name"], *(row["aliases"] or "").split(";")):
                if known := comparable(name):
                    names.append(known)
                    ids.append(row["id"])
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num + 1}: {error}") from error
    return Screening(names, ids)


def comparable(name: str) -> str:
    """A name as it is compared: words in small Latin letters without marks and titles, sorted."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return " ".join(sorted(word for word in _WORD.findall(plain) if word not in _TITLES))


def nearest(screening: Screening, name: str, *, near: float) -> Likeness:
    """The entry that a name is most like, from a likeness of `near` on; NOBODY below it."""
    found = (
        process.extractOne(comparable(name), screening.names, scorer=fuzz.ratio, score_cutoff=near) if name else None
    )
    return NOBODY if found is None else Likeness(found[1], screening.ids[found[2]])
