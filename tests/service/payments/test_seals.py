"""The sealed ledger: any change of what was sealed is found, and sums are the same with seals as without."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, text, update

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments.rules import seals as chain
from mela.services.payments.tables import seals, totals, transfers
from tests.service.payments.world import START, World

CHECKS = "/api/payments/ledger/seals/checks"


async def checks(shop: World) -> list[dict[str, Any]]:
    found = (await shop.payments.client.get(f"{CHECKS}?limit=50", headers=shop.operator())).raise_for_status().json()
    return list(found["items"])


async def post(shop: World, key: str, count: int = 1, amount: int = 100) -> None:
    moved = [Transfer("escrow", f"seller:s{line}", Paise(amount), "sale") for line in range(count)]
    await shop.payments.service.post(key=key, transfers=moved)


def unlocked(change: Callable[[Connection], object]) -> Callable[[Connection], None]:
    """A change by somebody who first takes away what protects the ledger."""

    def unit(conn: Connection) -> None:
        if conn.dialect.name == "sqlite":
            conn.execute(text("drop trigger transfers_no_update"))
            conn.execute(text("drop trigger transfers_no_delete"))
        else:
            conn.execute(text("drop trigger transfers_no_change on transfers"))
        change(conn)

    return unit


async def test_what_is_committed_is_sealed_once_and_holds(shop: World) -> None:
    await shop.paid(9_000)
    await post(shop, "a", count=3)
    await shop.seal()
    await shop.seal()
    [first] = await checks(shop)
    assert (first["number"], first["transfers"], first["amount_paise"], first["holds"]) == (1, 4, 9_300, True)
    await post(shop, "b")
    listed = (await shop.payments.client.get("/api/payments/ledger/seals", headers=shop.operator())).json()
    assert (len(listed["items"]), listed["unsealed"]) == (1, 1)
    await shop.seal()
    assert [(block["number"], block["holds"]) for block in await checks(shop)] == [(1, True), (2, True)]


async def test_a_block_holds_a_thousand_and_the_rest_goes_into_the_next(shop: World) -> None:
    for turn in range(3):
        await post(shop, f"k{turn}", count=500)
    await shop.seal()
    assert [block["transfers"] for block in await checks(shop)] == [1_000, 500]


TAMPERINGS: dict[str, tuple[Callable[[Connection], object], list[str | None]]] = {
    "an amount changed": (
        lambda conn: conn.execute(update(transfers).where(transfers.c.id == 1).values(amount=1)), ["amount", None, None]
    ),
    "a reason changed": (
        lambda conn: conn.execute(update(transfers).where(transfers.c.id == 3).values(kind="gift")),
        [None, "digest", None],
    ),
    "a transfer dropped": (
        lambda conn: conn.execute(delete(transfers).where(transfers.c.id == 3)), [None, "size", None]
    ),
    "a seal made anew": (
        lambda conn: conn.execute(update(seals).where(seals.c.number == 2).values(digest="f" * 64)),
        [None, "digest", "digest"],
    ),
    "a seal dropped": (lambda conn: conn.execute(delete(seals).where(seals.c.number == 2)), [None, "last_id", "size"]),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_every_change_of_what_was_sealed_is_found_in_its_block(shop: World, what: str) -> None:
    for key in "abc":
        await post(shop, key, count=2)
        await shop.seal()
    change, expected = TAMPERINGS[what]
    await shop.payments.db.run(unlocked(change))
    assert [block["fault"] for block in await checks(shop)] == expected


async def test_a_chain_forged_from_the_first_block_on_has_another_head(shop: World) -> None:
    for key in "ab":
        await post(shop, key)
        await shop.seal()
    noted = (await checks(shop))[-1]["digest"]

    def forge(conn: Connection) -> None:
        conn.execute(update(transfers).where(transfers.c.id == 1).values(amount=1))
        conn.execute(delete(seals))
        conn.execute(delete(totals))

    await shop.payments.db.run(unlocked(forge))
    await shop.seal()
    forged = await checks(shop)
    assert all(block["holds"] for block in forged)
    assert noted not in [block["digest"] for block in forged]


async def test_balances_are_the_same_sealed_or_not(shop: World) -> None:
    await shop.paid(9_000)
    await post(shop, "a", count=3)
    before = await shop.balances()
    await shop.seal()
    assert await shop.balances() == before
    await post(shop, "a2", count=2)
    assert await shop.balance("escrow") == -9_000 + 500
    assert await shop.balance("seller:s0") == -200


async def test_balances_of_any_moment_do_not_see_what_came_later(shop: World) -> None:
    expected = []
    for day in range(4):
        await post(shop, f"noon-{day}", amount=10**day)
        if day % 2:
            await shop.seal()
        expected.append((shop.clock.now(), await shop.balance("escrow")))
        shop.clock.advance(3600)
        await post(shop, f"later-{day}", amount=10**day)
        expected.append((shop.clock.now(), await shop.balance("escrow")))
        shop.clock.advance(86_400)
    await shop.seal()
    for moment, balance in expected:
        for exact in (moment, moment + timedelta(minutes=59)):
            found = {name: debits - given for name, debits, given in await shop.balances(exact)}
            assert found["escrow"] == balance
    assert await shop.balances(START - timedelta(seconds=1)) == []


async def test_the_balance_of_a_moment_is_asked_for_with_its_zone(shop: World) -> None:
    await post(shop, "a")
    url = "/api/payments/ledger/balances"
    ask = {"at": "2026-11-22T23:59:59+05:30"}
    past = await shop.payments.client.get(url, params=ask, headers=shop.operator())
    assert past.json()["items"] == []
    vague = await shop.payments.client.get(url, params={"at": "2026-11-22T23:59:59"}, headers=shop.operator())
    assert vague.status_code == 422


async def test_sealing_while_others_write_leaves_no_transfer_out(shop: World) -> None:
    async def writer(name: str) -> None:
        for turn in range(5):
            await post(shop, f"{name}-{turn}", count=3)

    await asyncio.gather(*(writer(f"w{n}") for n in range(6)), *(shop.seal() for _ in range(8)))
    await shop.seal()
    blocks = await checks(shop)
    assert all(block["holds"] for block in blocks)
    assert sum(block["transfers"] for block in blocks) == 90
    assert (
        await shop.payments.db.read(lambda conn: conn.execute(select(func.count()).select_from(transfers)).scalar())
        == 90
    )


def test_every_field_of_a_transfer_is_covered_by_its_digest() -> None:
    one = chain.Entered(1, "k", 0, "a", "b", Paise(5), "sale", None, START)
    changed = {"id": 2, "key": "l", "line": 1, "debit": "c", "credit": "d", "amount": 6, "kind": "x",
               "payment_id": "pay", "at": START + timedelta(microseconds=1)}  # fmt: skip
    assert set(changed) == set(chain.Entered.__dataclass_fields__)
    digests = {chain.digest(chain.GENESIS, [_with(one, name, value)]) for name, value in changed.items()}
    assert len(digests | {chain.digest(chain.GENESIS, [one]), chain.digest("1" * 64, [one])}) == len(changed) + 2


def _with(one: chain.Entered, name: str, value: object) -> chain.Entered:
    from dataclasses import replace

    return replace(one, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "state", "to"),
    [("payments", "captured", "pending"), ("payments", "captured", "failed"), ("refunds", "processed", "pending")],
)
async def test_the_database_refuses_an_illegal_move(shop: World, table: str, state: str, to: str) -> None:
    payment = await shop.paid(9_000)
    await shop.payments.service.refund(key="r", payment_id=payment.id, amount=500, reason="returned")

    def move(conn: Connection) -> None:
        assert conn.execute(text(f"update {table} set state = state where state = '{state}'")).rowcount == 1  # noqa: S608
        conn.execute(text(f"update {table} set state = '{to}'"))  # noqa: S608

    with pytest.raises(Exception, match="illegal move"):
        await shop.payments.db.run(move)
