"""Cases: what a person has to look at, who does, how each kind can end, and what waiting has cost.

refund_again        the refund is tried once more, as a refund of its own
paid_directly       the payer has the money by another way; the note names it, such as the bank's reference
provider_corrected  the provider has put its books or its file right
explained           nothing was wrong
posted              the entry that it proposes is in our ledger
written_off         the money is lost, and somebody has decided so
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from mela.kernel.errors import Rejected
from mela.kernel.money import Paise

ANY = "any"
"""The row for a kind that has none of its own, such as one of an older version."""


class Resolution(StrEnum):
    """How a case ended."""

    REFUND_AGAIN = "refund_again"
    PAID_DIRECTLY = "paid_directly"
    PROVIDER_CORRECTED = "provider_corrected"
    EXPLAINED = "explained"
    POSTED = "posted"
    WRITTEN_OFF = "written_off"


class CannotEndSo(Rejected):
    """A case of this kind does not end in this way. Params: kind, ends."""

    code = "payments.cannot_end_so"


class NoteMissing(Rejected):
    """A person's decision that says nothing of why. Params: resolution."""

    code = "payments.note_missing"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided on a case, and why."""

    resolution: Resolution
    note: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case. `owner`: who looks at it, where the case itself does not say."""

    owner: str
    ends: tuple[Resolution, ...]


def kinds(rows: Sequence[Mapping[str, Any]]) -> dict[str, Kind]:
    """The kinds in a data file, by name."""
    return {row["kind"]: Kind(row["owner"], tuple(map(Resolution, row["ends"]))) for row in rows}


def ends(kind: Kind, detail: Mapping[str, Any]) -> tuple[Resolution, ...]:
    """How a case can end: its entry is posted only where it proposes one."""
    return tuple(end for end in kind.ends if end is not Resolution.POSTED or detail.get("proposed"))


def check(kind: str, ends: Sequence[Resolution], decision: Decision) -> None:
    """Whether a case may be closed so. Raises: CannotEndSo, NoteMissing; a refund that is tried again needs no note."""
    if decision.resolution not in ends:
        raise CannotEndSo(kind=kind, ends=", ".join(ends))
    if decision.resolution is not Resolution.REFUND_AGAIN and not decision.note:
        raise NoteMissing(resolution=str(decision.resolution))


def owed(detail: Mapping[str, Any], until: date) -> Paise:
    """What the payer is owed for waiting, when the case ends on `until`; 0 where no clock runs for it."""
    if "put_right_by" not in detail:
        return Paise(0)
    late = (until - date.fromisoformat(detail["put_right_by"])).days
    return Paise(max(0, late) * int(detail["compensation_per_day"]))
