"""What the gateway settles, and what it keeps: on each day all that moved on the day before, in one transfer to the bank.

Assumed: every day is a settlement day, banks' holidays too; a refund costs nothing; fees and the tax on them are rounded
movement by movement, halves up; where a day's refunds are above its payments, the difference is taken back from the bank.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from mela.kernel import tables
from mela.simulators.gateway.plan import Plan

HEADER = "kind,reference,gross_paise,fee_paise,tax_paise,net_paise,settlement,utr"
_FILE = Path(__file__).parent / "data" / "fees.yaml"


@dataclass(frozen=True)
class Item:
    """A movement in a settlement, in paise. `net`: what it adds to what the bank gets."""

    position: int
    kind: str
    reference: str
    gross: int
    fee: int
    tax: int
    at: datetime
    settlement: str
    utr: str

    @property
    def net(self) -> int:
        return (self.gross if self.kind == "collected" else -self.gross) - self.fee - self.tax

    @property
    def line(self) -> str:
        """In a file of a form of our own."""
        money = f"{self.gross},{self.fee},{self.tax},{self.net}"
        return f"{self.kind},{self.reference},{money},{self.settlement},{self.utr}\n"


def items(name: str, row: Row[Any], day: date, plan: Plan) -> list[Item]:
    """How a movement stands in the settlement that `name` makes on a day, as the plan has it: not at all, once or twice."""
    if plan.hits("settle_omits", row.reference, kind=row.kind):
        return []
    gross = row.amount - 100 * plan.hits("settle_short", row.reference, kind=row.kind)
    fee = _share(gross, _prices()[name].get(row.method, 0)) if row.kind == "collected" else 0
    fee += 100 * plan.hits("settle_fee", row.reference, kind=row.kind)
    utr = f"SIM{name[:4].upper()}{day:%Y%m%d}"
    item = Item(
        row.position, row.kind, row.reference, gross, fee, _share(fee, _tax_bp()), row.at, f"setl{day:%Y%m%d}", utr
    )
    return [item] * (1 + plan.hits("settle_repeats", row.reference, kind=row.kind))


def total(items: list[Item]) -> str:
    """The last line of a file."""
    sums = ",".join(str(sum(getattr(item, name) for item in items)) for name in ("gross", "fee", "tax", "net"))
    return f"total,{len(items)},{sums},,\n"


def _share(amount: int, basis_points: int) -> int:
    return (amount * basis_points + 5_000) // 10_000


def _prices() -> Mapping[str, Mapping[str, int]]:
    prices: Mapping[str, Mapping[str, int]] = _read()["basis_points"]
    return prices


def _tax_bp() -> int:
    return int(_read()["tax_basis_points"])


@cache
def _read() -> Mapping[str, Any]:
    found: Mapping[str, Any] = tables.read(_FILE)
    return found
