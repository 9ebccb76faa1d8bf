"""The ledger in the database: append-only, once per key, balanced."""

import asyncio

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from mela.contracts.payments import Transfer
from mela.kernel.errors import Rejected
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from tests.service.payments.world import World

SPLIT = [
    Transfer("escrow", "seller:kaveri", Paise(90_000), "settle"),
    Transfer("escrow", "commission", Paise(9_900), "settle"),
]


INSERT = """insert into transfers (key, line, debit, credit, amount, kind, at)
            values ('k', 0, :debit, :credit, :amount, 'x', 0)"""


def execute(conn: Connection, statement: str, row: dict[str, object]) -> None:
    conn.execute(text(statement), row)


@pytest.mark.parametrize("statement", ["update transfers set amount = 1", "delete from transfers"])
async def test_the_database_refuses_to_change_the_ledger(shop: World, statement: str) -> None:
    await shop.payments.service.post(key="day-1", transfers=SPLIT)
    with pytest.raises(DBAPIError, match="append-only"):
        await shop.payments.db.run(execute, statement, {})
    assert await shop.balance("escrow") == 99_900


@pytest.mark.parametrize(("amount", "credit"), [(0, "b"), (-5, "b"), (5, "a")])
async def test_the_database_refuses_a_transfer_of_nothing_or_to_itself(shop: World, amount: int, credit: str) -> None:
    row = {"debit": "a", "credit": credit, "amount": amount}
    with pytest.raises(DBAPIError):
        await shop.payments.db.run(execute, INSERT, row)


async def test_a_key_posts_once(shop: World) -> None:
    for _ in range(3):
        await shop.payments.service.post(key="day-1", transfers=SPLIT)
    assert await shop.balance("escrow") == 99_900
    assert await shop.balance("seller:kaveri") == -90_000


async def test_a_key_with_other_transfers_is_refused_as_a_whole(shop: World) -> None:
    await shop.payments.service.post(key="day-1", transfers=SPLIT)
    with pytest.raises(KeyReused):
        await shop.payments.service.post(key="day-1", transfers=SPLIT[:1])
    with pytest.raises(KeyReused):
        await shop.payments.service.post(key="day-1", transfers=[*SPLIT, SPLIT[0]])
    assert await shop.balance("escrow") == 99_900


async def test_a_wrong_transfer_enters_none_of_them(shop: World) -> None:
    with pytest.raises(Rejected):
        await shop.payments.service.post(key="day-1", transfers=[*SPLIT, Transfer("a", "a", Paise(1), "settle")])
    assert await shop.balances() == []


async def test_the_same_post_32_times_at_once_enters_once(shop: World) -> None:
    await asyncio.gather(*(shop.payments.service.post(key="day-1", transfers=SPLIT) for _ in range(32)))
    assert await shop.balance("escrow") == 99_900


async def test_32_captures_of_one_payment_at_once_capture_once(shop: World) -> None:
    payment = await shop.start(5_000, method="cod")
    collect = shop.payments.service.collect_cash
    await asyncio.gather(*(collect(key=f"cash-{n}", payment_id=payment.id) for n in range(32)))
    assert await shop.balance("cash:in_transit") == 5_000
    assert await shop.heard.names(1) == ["payments.captured"]


async def test_32_starts_with_one_key_at_once_start_one_payment(shop: World) -> None:
    started = await asyncio.gather(*(shop.start(key="same") for _ in range(32)))
    assert len({payment.id for payment in started}) == 1
    assert await shop.bill(started[0]) is not None


async def test_64_payments_at_once_are_all_captured_and_balanced(shop: World) -> None:
    payments = await asyncio.gather(*(shop.start(1_000 + n) for n in range(64)))
    await asyncio.gather(*(shop.approve(payment) for payment in payments))
    await shop.pass_time(1)
    assert await shop.balance("gateway:upi") == sum(1_000 + n for n in range(64))
    assert (await shop.check())["agrees"] is True
