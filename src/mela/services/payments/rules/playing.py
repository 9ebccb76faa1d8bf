"""What happens to a payment of test mode: by the magic value that it is paid with, as data says, and by nothing else.

हिन्दी: परीक्षण में असली पैसा नहीं चलता; जादुई पता या कार्ड तय करता है कि क्या होगा।
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mela.contracts.payments import Instrument
from mela.services.payments.model import Word

SILENT = "silent"
"""In place of a word: the provider does not answer."""
HANDLE, CARD, FIRST = "mela", "tok_", "success"


@dataclass(frozen=True)
class Step:
    """From a moment on the provider says `word`. Seconds after the beginning, or after the payment's time was over."""

    word: str
    code: str | None
    after_s: float | None
    after_expiry_s: float | None

    def moment(self, begun: datetime, expires: datetime) -> datetime:
        """When it begins."""
        if self.after_s is not None:
            return begun + timedelta(seconds=self.after_s)
        return expires + timedelta(seconds=self.after_expiry_s or 0)


@dataclass(frozen=True)
class Play:
    """One way in which payments go. `refunds`: whether money goes back when it is asked back."""

    name: str
    about: str
    steps: tuple[Step, ...]
    refunds: bool


def plays(document: Mapping[str, Any], codes: Sequence[Mapping[str, str]]) -> dict[str, Play]:
    """All ways by their names in small letters; a row with `codes` is one for each NPCI code of that treatment."""
    return {play.name.lower(): play for row in document["outcomes"] for play in _expanded(row, codes)}


def chosen(known: Mapping[str, Play], instrument: Instrument) -> Play | None:
    """The way that an instrument stands for, None for a value that stands for none. Links, banks and wallets are paid."""
    if instrument.vpa is not None:
        name, _, handle = instrument.vpa.lower().rpartition("@")
        return known.get(name) if handle == HANDLE else None
    if instrument.card is not None:
        name = instrument.card.lower()
        return known.get(name.removeprefix(CARD)) if name.startswith(CARD) else None
    return known[FIRST]


def now_says(play: Play, begun: datetime, expires: datetime, now: datetime) -> tuple[str, str | None]:
    """The provider's word of now, or SILENT, and its code."""
    said = [step for step in play.steps if step.moment(begun, expires) <= now]
    if said:
        return said[-1].word, said[-1].code
    return (Word.CREATED, None) if now < expires else (Word.EXPIRED, None)


def rings(play: Play, begun: datetime, expires: datetime, now: datetime) -> datetime | None:
    """When the provider calls back next, None when it has no more to say."""
    coming = [moment for step in play.steps if (moment := step.moment(begun, expires)) > now]
    return min(coming, default=None)


def _expanded(row: Mapping[str, Any], codes: Sequence[Mapping[str, str]]) -> Iterator[Play]:
    if "codes" not in row:
        yield _play(row, row["name"], row["about"], None)
        return
    for code in codes:
        if code["treat"] == row["codes"]:
            about = f"{row['about']} ({code['meaning']})"
            yield _play(row, f"{row['name']}.{code['code']}", about, code["code"])


def _play(row: Mapping[str, Any], name: str, about: str, code: str | None) -> Play:
    steps = tuple(
        Step(each["word"], each.get("code") or code, each.get("after_s"), each.get("after_expiry_s"))
        for each in row["steps"]
    )
    return Play(name, about, steps, row.get("refunds", True))
