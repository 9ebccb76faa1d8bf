"""Accounts that may not be overdrawn, and whether an entry would overdraw one.

A limit names a side: the balance of `refunds:pending` stays a credit, what we have promised back; nothing takes out more
than was put in. Only an entry that brings an account nearer to the wrong side is looked at, so what fills it waits for
nobody.

हिन्दी: जिस खाते में जितना है, उससे ज़्यादा निकल नहीं सकता।
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mela.contracts.payments import Transfer
from mela.kernel.errors import NotYet
from mela.kernel.money import Paise

Side = Literal["debit", "credit"]


class AccountOverdrawn(NotYet):
    """An account holds less than an entry takes. Params: account, left and wanted (paise)."""

    code = "payments.account_overdrawn"


@dataclass(frozen=True, slots=True)
class Limit:
    """The balance of `account` stays on a side; `name:*` stands for every account of that name.

    Transfers of the kinds in `free` tell of what has happened elsewhere, and are entered all the same. Those of the kinds in
    `overdraft` may take it to the other side by so many paise.
    """

    account: str
    side: Side
    free: frozenset[str]
    overdraft: Mapping[str, int]

    def covers(self, account: str) -> bool:
        """Whether the limit is about this account."""
        name, star, _ = self.account.partition("*")
        return account.startswith(name) if star else account == name

    def taken(self, account: str, entered: Iterable[Transfer]) -> Paise:
        """What an entry takes out of the account; zero or less when it puts in as much, or tells of a fact only."""
        out = put = 0
        for each in entered:
            takes, fills = (each.debit, each.credit) if self.side == "credit" else (each.credit, each.debit)
            if takes == account and each.kind not in self.free:
                out += each.amount
            elif fills == account:
                put += each.amount
        return Paise(out - put)

    def room(self, account: str, entered: Iterable[Transfer]) -> Paise:
        """How far beyond zero an entry may go: as far as each of its kinds that take from the account may."""
        taking = [each for each in entered if account == (each.debit if self.side == "credit" else each.credit)]
        return Paise(min((self.overdraft.get(t.kind, 0) for t in taking if t.kind not in self.free), default=0))


def read(rows: Iterable[Mapping[str, Any]]) -> tuple[Limit, ...]:
    """The limits of a data file."""
    return tuple(Limit(row["account"], row["side"], frozenset(row["except"]), row.get("overdraft", {})) for row in rows)


def taken(limits: Sequence[Limit], entered: Sequence[Transfer]) -> list[tuple[Limit, str, Paise]]:
    """The limited accounts that an entry takes from, and how much, by name."""
    accounts = sorted({name for each in entered for name in (each.debit, each.credit)})
    found = [(limit, name, limit.taken(name, entered)) for name in accounts for limit in limits if limit.covers(name)]
    return [(limit, name, amount) for limit, name, amount in found if amount > 0]


def check(limit: Limit, account: str, wanted: Paise, *, debits: int, credits_: int, room: int = 0) -> None:
    """Whether an account with these sums, and `room` beyond them, has `wanted` to give. Raises: AccountOverdrawn."""
    left = room + (credits_ - debits if limit.side == "credit" else debits - credits_)
    if wanted > left:
        raise AccountOverdrawn(account=account, left=max(left, 0), wanted=wanted)
