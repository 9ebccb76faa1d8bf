"""A small contract, and a service that keeps it."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from mela.kernel import deadline, errors


class Overdrawn(errors.Conflict):
    """There is not that much in the account."""

    code = "testledger.overdrawn"


@dataclass(frozen=True)
class Entry:
    """One posting."""

    key: str
    account: str
    amount: int
    at: datetime
    labels: frozenset[str] = frozenset()


class Ledger(Protocol):
    """Keeps accounts."""

    async def post(self, *, key: str, account: str, amount: int, labels: frozenset[str] = frozenset()) -> Entry:
        """Add to an account, once per key. Raises: Overdrawn."""
        ...

    async def balance(self, *, account: str) -> int:
        """What is in an account."""
        ...

    async def seconds_left(self) -> float:
        """How long the caller still waits."""
        ...

    async def wait(self, *, seconds: float) -> None:
        """Take one's time."""
        ...

    async def close_account(self, *, account: str) -> None:
        """Never allowed."""
        ...


@dataclass
class Book:
    """A ledger in memory. `trouble` is raised by the next calls, one each; `calls` counts what was carried out."""

    entries: dict[str, Entry] = field(default_factory=dict)
    trouble: list[Exception] = field(default_factory=list)
    calls: int = 0

    async def post(self, *, key: str, account: str, amount: int, labels: frozenset[str] = frozenset()) -> Entry:
        """See `Ledger.post`."""
        self._count()
        if key not in self.entries:
            left = await self._sum(account)
            if left + amount < 0:
                raise Overdrawn(account=account, left=left)
            self.entries[key] = Entry(key, account, amount, datetime(2026, 11, 23, 6, 30, tzinfo=UTC), labels)
        return self.entries[key]

    async def balance(self, *, account: str) -> int:
        """See `Ledger.balance`."""
        self._count()
        return await self._sum(account)

    async def seconds_left(self) -> float:
        """See `Ledger.seconds_left`."""
        return deadline.left(1_000.0)

    async def wait(self, *, seconds: float) -> None:
        """See `Ledger.wait`."""
        self._count()
        await asyncio.sleep(seconds)

    async def close_account(self, *, account: str) -> None:
        """See `Ledger.close_account`."""

    async def _sum(self, account: str) -> int:
        return sum(entry.amount for entry in self.entries.values() if entry.account == account)

    def _count(self) -> None:
        self.calls += 1
        if self.trouble:
            raise self.trouble.pop(0)
