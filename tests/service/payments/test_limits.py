"""Limits of accounts in the database: whoever takes out at once, nothing goes below what is there."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, event

from mela.contracts.payments import Transfer
from mela.kernel.db import row_guarded
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger as accounts
from mela.services.payments.rules.limits import AccountOverdrawn
from mela.services.payments.store import ledger
from tests.service.payments.world import World

SELLER = "seller:kaveri"


def sale(amount: int) -> list[Transfer]:
    return [Transfer("escrow", SELLER, Paise(amount), "sale")]


def payout(amount: int) -> list[Transfer]:
    return [Transfer(SELLER, "bank", Paise(amount), "payout")]


async def outcomes(shop: World, posts: Sequence[tuple[str, list[Transfer]]]) -> list[BaseException]:
    """What was refused of posts that come at once; anything else is raised."""
    found = await asyncio.gather(
        *(shop.payments.service.post(key=key, transfers=entry) for key, entry in posts), return_exceptions=True
    )
    errors = [each for each in found if each is not None]
    assert {type(each) for each in errors} <= {AccountOverdrawn}
    return errors


async def test_64_payouts_at_once_pay_no_more_than_the_seller_has(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(1_000))
    refused = await outcomes(shop, [(f"po{n}", payout(30)) for n in range(64)])
    assert len(refused) == 64 - 33
    assert await shop.balance(SELLER) == -10


async def test_64_payouts_at_once_all_leave_when_there_is_enough(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(64))
    assert await outcomes(shop, [(f"po{n}", payout(1)) for n in range(64)]) == []
    assert await shop.balance(SELLER) == 0


async def test_money_that_comes_in_meanwhile_is_never_counted_twice(shop: World) -> None:
    posts = [pair for n in range(32) for pair in ((f"in{n}", sale(10)), (f"out{n}", payout(15)))]
    refused = await outcomes(shop, posts)
    left = -await shop.balance(SELLER)
    assert left == 320 - 15 * (32 - len(refused))
    assert left >= 0


async def test_sealed_and_fresh_money_count_together(shop: World) -> None:
    await shop.payments.service.post(key="a", transfers=sale(100))
    await shop.seal()
    await shop.payments.service.post(key="b", transfers=[*payout(60), *sale(5)])
    with pytest.raises(AccountOverdrawn) as caught:
        await shop.payments.service.post(key="c", transfers=payout(46))
    assert caught.value.params == {"account": SELLER, "left": 45, "wanted": 46}
    await shop.seal()
    await shop.payments.service.post(key="d", transfers=payout(45))


async def test_a_refused_entry_leaves_nothing_and_its_key_is_free(shop: World) -> None:
    with pytest.raises(AccountOverdrawn):
        await shop.payments.service.post(key="po", transfers=[*sale(10), *payout(11)])
    assert await shop.balances() == []
    await shop.payments.service.post(key="po", transfers=sale(10))
    await shop.payments.service.post(key="po", transfers=sale(10))
    assert await shop.balance(SELLER) == -10


async def test_a_payout_that_was_entered_may_be_told_again_with_nothing_left(shop: World) -> None:
    await shop.payments.service.post(key="sale", transfers=sale(100))
    for _ in range(2):
        await shop.payments.service.post(key="po", transfers=payout(100))
    assert await shop.balance(SELLER) == 0


async def test_what_has_happened_is_entered_whatever_the_balance(shop: World) -> None:
    back = [Transfer(SELLER, "escrow", Paise(70), "reversal")]
    await shop.payments.service.post(key="r", transfers=back)
    assert await shop.balance(SELLER) == 70
    with pytest.raises(AccountOverdrawn):
        await shop.payments.service.post(key="po", transfers=payout(1))


async def test_who_is_not_alone_may_fill_an_account_and_not_take_from_one(shop: World) -> None:
    @row_guarded
    def enter(conn: Connection, one: Transfer) -> str:
        ledger.enter(conn, one.kind, [one], shop.clock.now())
        return conn.dialect.name

    engine = await shop.payments.db.run(enter, accounts.capture("gateway", Paise(100), "mer_1"))
    held = accounts.hold("mer_1", Paise(100))
    if engine == "sqlite":
        await shop.payments.db.run(enter, held)  # one writer: alone all the same
    else:
        with pytest.raises(RuntimeError, match="needs to be alone"):
            await shop.payments.db.run(enter, held)
    assert await shop.balance(accounts.held("mer_1")) == (-100 if engine == "sqlite" else 0)


async def test_a_capture_reads_no_balance(shop: World) -> None:
    """The hot path: accounts that every payment fills are neither read nor locked for it."""
    asked: list[str] = []

    def enter(conn: Connection) -> None:
        event.listen(conn, "before_cursor_execute", lambda *told: asked.append(told[2]))
        ledger.enter(conn, "capture:p", [accounts.capture("gateway", Paise(5))], shop.clock.now())

    await shop.payments.db.run(enter)
    assert [statement.split()[0].lower() for statement in asked] == ["insert"]
