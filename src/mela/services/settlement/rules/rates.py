"""Dated rates: which one was in force on a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mela.kernel.errors import Rejected

COMMISSION, COMMISSION_GST, TCS, TDS = "commission", "commission_gst", "tcs", "tds"


class NoRate(Rejected):
    """No rate of this name was in force on that day. Params: name, day."""

    code = "settlement.no_rate"


@dataclass(frozen=True)
class Dated:
    """A rate in basis points, from and to the named days, both included; `until` None: still in force."""

    rate_bp: int
    since: date
    until: date | None


Rates = Mapping[str, Sequence[Dated]]
"""By name: `tcs`, `tds`, `commission_gst`, and `commission:<category>`."""


def read(rows: Iterable[Mapping[str, Any]]) -> Rates:
    """The rates of data rows with `name`, `rate_bp`, `effective_from`, `effective_to`."""
    rates: dict[str, list[Dated]] = {}
    for row in rows:
        rates.setdefault(row["name"], []).append(Dated(row["rate_bp"], row["effective_from"], row["effective_to"]))
    return rates


def rate(rates: Rates, name: str, day: date) -> int:
    """Basis points in force on a day. Raises: NoRate."""
    for row in rates.get(name, ()):
        if row.since <= day and (row.until is None or day <= row.until):
            return row.rate_bp
    raise NoRate(name=name, day=day.isoformat())
