"""Accounts: who is calling, and who is known no more."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mela.kernel.auth import Principal


@dataclass(frozen=True)
class Erased:
    """A customer who is known no more; numbers grow in the order in which they went."""

    number: int
    customer_id: str
    at: datetime


class Accounts(Protocol):
    """Knows people by phone, sellers by API key."""

    async def identify(self, *, token: str) -> Principal:
        """Whose token this is. Raises: Unauthenticated for an unknown, expired or revoked one."""
        ...

    async def erased(self, *, after: int, most: int) -> list[Erased]:
        """Customers who went after the one with number `after`, in order: whoever keeps something of them lets it go."""
        ...
