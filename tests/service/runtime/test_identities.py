"""Whose token it is, as a process remembers it."""

from dataclasses import dataclass, field

import pytest

from mela.contracts.accounts import Erased
from mela.kernel.auth import Principal
from mela.kernel.clock import FakeClock
from mela.kernel.errors import Unauthenticated
from mela.runtime.platform import _Remembering
from tests.service.payments.world import START


@dataclass
class Known:
    """Accounts with a customer and a merchant, and how often it was asked."""

    asked: int = 0
    revoked: set[str] = field(default_factory=set)

    async def identify(self, *, token: str) -> Principal:
        """See `Accounts.identify`."""
        self.asked += 1
        if token in self.revoked:
            raise Unauthenticated("accounts.token_revoked")
        return Principal("merchant" if token.startswith("mk_") else "customer", "x")

    async def erased(self, *, after: int, most: int) -> list[Erased]:
        """See `Accounts.erased`: nobody went."""
        return []


async def test_a_revoked_key_ends_at_once_and_is_not_remembered() -> None:
    accounts = Known()
    remembering = _Remembering(lambda: accounts, FakeClock(START))
    assert (await remembering.identify(token="mk_live_a")).kind == "merchant"
    accounts.revoked.add("mk_live_a")
    with pytest.raises(Unauthenticated):
        await remembering.identify(token="mk_live_a")


async def test_a_person_is_remembered_for_seconds() -> None:
    accounts, clock = Known(), FakeClock(START)
    remembering = _Remembering(lambda: accounts, clock)
    for _ in range(3):
        await remembering.identify(token="mela_cs_a")
    assert accounts.asked == 1
    clock.advance(3)
    await remembering.identify(token="mela_cs_a")
    assert accounts.asked == 2
