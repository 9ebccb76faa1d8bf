"""Accounts: who is calling."""

from typing import Protocol

from mela.kernel.auth import Principal


class Accounts(Protocol):
    """Knows people by phone, sellers by API key."""

    async def identify(self, *, token: str) -> Principal:
        """Whose token this is. Raises: Unauthenticated for an unknown, expired or revoked one."""
        ...
