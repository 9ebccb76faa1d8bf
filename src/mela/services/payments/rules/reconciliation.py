"""A provider's day held against ours: what can come out, who looks at it, what entry would mend it, what the payer is owed.

matched         both have it, the same amount, the same day in India
date_differs    both have it; one of them counts it to the day beside: nothing is wrong
amount_differs  both have it, with different amounts
repeated_there  the file has it more than once
missing_here    the file has it, our ledger does not: the payer may be without goods and without money
missing_there   our ledger has it, the file does not
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from mela.kernel.money import Paise
from mela.services.payments.rules import ledger

K = TypeVar("K", bound=str)
SUSPENSE = "suspense"
"""Where money stands until a person has found out whose it is."""


class Outcome(StrEnum):
    """What became of one movement."""

    MATCHED = "matched"
    DATE_DIFFERS = "date_differs"
    AMOUNT_DIFFERS = "amount_differs"
    REPEATED_THERE = "repeated_there"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"


HARMLESS = frozenset({Outcome.MATCHED, Outcome.DATE_DIFFERS})


@dataclass(frozen=True, slots=True)
class Break:
    """A movement that does not agree. `theirs`, `ours`: paise, None where that side has none."""

    outcome: Outcome
    kind: str
    reference: str
    theirs: Paise | None
    ours: Paise | None
    day: date
    provider: str = "gateway"


def proposed(found: Break) -> Mapping[str, Any]:
    """The entry that would make our ledger say what the file says; a person decides."""
    more = (found.theirs or 0) - (found.ours or 0)
    at_gateway, other = ledger.place(found.provider), SUSPENSE
    gains = more > 0 if found.kind == "collected" else more < 0
    debit, credit = (at_gateway, other) if gains else (other, at_gateway)
    return {"debit": debit, "credit": credit, "amount": abs(more), "kind": "reconciliation"} if more else {}


def together(one: Mapping[K, tuple[int, Paise]], other: Mapping[K, tuple[int, Paise]]) -> dict[K, tuple[int, Paise]]:
    """The outcomes of two providers' days as one."""
    added = dict(one)
    for outcome, (count, total) in other.items():
        before = added.get(outcome, (0, Paise(0)))
        added[outcome] = (before[0] + count, Paise(before[1] + total))
    return added


def moved(outcomes: Mapping[K, tuple[int, Paise]], of: K, to: K, amount: Paise) -> dict[K, tuple[int, Paise]]:
    """A day's outcomes with one movement of `amount` counted under another."""
    changed = dict(outcomes)
    for outcome, by in ((of, -1), (to, 1)):
        count, total = changed.pop(outcome, (0, Paise(0)))
        if count + by:
            changed[outcome] = (count + by, Paise(total + by * amount))
    return changed


def owner(rows: Sequence[Mapping[str, Any]], outcome: str) -> str:
    """Who looks at a break."""
    return next(str(row["owner"]) for row in rows if row["outcome"] == outcome)


@dataclass(frozen=True, slots=True)
class Compensation:
    """By when failed money must be back, in calendar days after its own, and what each day after that costs."""

    within_days: int
    per_day: Paise

    def due(self, day: date) -> date:
        """The last day without compensation."""
        return day + timedelta(days=self.within_days)

    def owed(self, day: date, today: date) -> Paise:
        """What the payer of a movement of `day` is owed, when it is put right today."""
        return Paise(max(0, (today - self.due(day)).days) * self.per_day)


def compensation(rows: Sequence[Mapping[str, Any]], day: date) -> Compensation:
    """The clock in force for a day's merchant payments over UPI. Raises: LookupError where the table has none."""
    row = in_force(rows, day)
    return Compensation(row["within_days"], Paise(row["per_day_paise"]))


def in_force(rows: Sequence[Mapping[str, Any]], day: date) -> Mapping[str, Any]:
    """The row of dated data that holds on a day. Raises: LookupError where the table has none."""
    for row in rows:
        if row["effective_from"] <= day and (row["effective_to"] is None or day <= row["effective_to"]):
            return row
    raise LookupError(f"no row is in force on {day}")
