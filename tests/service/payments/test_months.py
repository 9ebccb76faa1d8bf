"""The ledger over months: on every database with the same sums, seals and refusals."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from mela.contracts.payments import Transfer
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments.rules import months
from mela.services.payments.store import ledger
from tests.service.payments.world import World

DAY_S = 86_400


async def post(shop: World, key: str, amount: int = 100) -> None:
    moved = [Transfer("escrow", f"seller:s{line}", Paise(amount), "sale") for line in range(2)]
    await shop.payments.service.post(key=key, transfers=moved)


async def over_months(shop: World, count: int = 4) -> list[tuple[datetime, int]]:
    """Two transfers each month, sealed; what escrow held after each."""
    seen = []
    for turn in range(count):
        await shop.payments.run_job("make_months")
        await post(shop, f"m{turn}", amount=10**turn)
        await shop.seal()
        seen.append((shop.clock.now(), await shop.balance("escrow")))
        shop.clock.advance(31 * DAY_S)
    return seen


async def test_sums_and_seals_hold_over_months(shop: World) -> None:
    seen = await over_months(shop)
    assert await shop.balance("escrow") == 2 * 1_111
    for moment, balance in seen:
        found = {name: debits - given for name, debits, given in await shop.balances(moment)}
        assert found["escrow"] == balance
    answer = await shop.payments.client.get("/api/payments/ledger/seals/checks?limit=50", headers=shop.operator())
    assert [block["holds"] for block in answer.json()["items"]] == [True] * 4


async def test_a_key_is_known_months_later(shop: World) -> None:
    await over_months(shop)
    await post(shop, "m0", amount=1)
    with pytest.raises(KeyReused):
        await post(shop, "m0", amount=2)
    with pytest.raises(IntegrityError):
        await shop.payments.db.run(ledger.enter, "post:m1", [Transfer("a", "b", Paise(1), "x")], shop.clock.now())
    assert await shop.balance("escrow") == 2 * 1_111


def test_months_follow_each_other() -> None:
    assert months.following(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert months.following(datetime(2026, 1, 31, tzinfo=UTC)) == datetime(2026, 2, 1, tzinfo=UTC)
    india = datetime.fromisoformat("2026-12-01T05:00:00+05:30")
    assert months.following(india) == datetime(2026, 12, 1, tzinfo=UTC)


def test_months_ahead_leave_no_gap() -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    made = list(months.ahead(datetime(2026, 10, 1, tzinfo=UTC), now))
    assert [months.name(start) for start, _ in made] == [f"transfers_{name}" for name in (
        "2026_10", "2026_11", "2026_12", "2027_01", "2027_02")]  # fmt: skip
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(made))
    assert list(months.ahead(made[-1][1], now + timedelta(days=3))) == []
