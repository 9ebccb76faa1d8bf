"""The entry that a case proposes: posted by a person, with a reason, once; and which kinds nobody else may enter."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments.rules import arrivals, ledger
from mela.services.payments.tables import transfers
from tests.service.payments.test_arrivals import settled, trade
from tests.service.payments.test_cases import cases, close
from tests.service.payments.world import World

POSTED = {"resolution": "posted", "note": "The provider paid twice and took it back; UTR 632715000042."}


async def repeated(shop: World) -> list[Any]:
    """Cases of a settlement that came twice: what is too much waits in suspense."""
    await trade(shop)
    await shop.plan(seed=1, settle_repeats=1.0)
    await settled(shop)
    assert await shop.balance("suspense") == -99_500
    return await cases(shop)


async def test_posting_what_each_case_proposes_empties_suspense(shop: World) -> None:
    for number, case in enumerate(await repeated(shop)):
        status, closed = await close(shop, case, POSTED, key=f"post-{number:04}")
        assert (status, closed["closing"]["actor"], closed["closing"]["note"]) == (200, "asha", POSTED["note"])
    assert (await shop.balance("suspense"), await shop.balance("bank")) == (0, 99_500)
    assert await cases(shop) == []
    assert (await shop.check())["balanced"] is True


async def test_an_entry_is_posted_once_whoever_says_so_at_once(shop: World) -> None:
    case = (await repeated(shop))[0]
    told = await asyncio.gather(*(close(shop, case, POSTED, key=f"post-{number:04}") for number in range(8)))
    assert sorted(status for status, _ in told) == [200, *[409] * 7]
    again = await close(shop, case, POSTED, key="post-9999")
    assert (again[0], again[1]["code"]) == (409, "payments.case_is_closed")
    amount = case["detail"]["proposed"]["amount"]
    assert await shop.balance("suspense") == amount - 99_500 or await shop.balance("suspense") == -amount - 99_500
    found = select(transfers.c.amount, transfers.c.kind).where(transfers.c.key == f"case:{case['id']}")
    rows = await shop.payments.db.read(lambda conn: conn.execute(found).all())
    assert [tuple(row) for row in rows] == [(amount, "reconciliation")]


async def test_posting_needs_a_reason(shop: World) -> None:
    case = (await repeated(shop))[0]
    status, told = await close(shop, case, {"resolution": "posted"})
    assert (status, told["code"]) == (422, "payments.note_missing")
    assert await shop.balance("suspense") == -99_500


async def test_only_a_case_that_proposes_an_entry_can_end_so(shop: World) -> None:
    await trade(shop)
    await shop.plan(seed=1, settle_omits=1.0)
    shop.clock.advance(4 * 86_400)
    await settled(shop, "2026-11-28")
    overdue = (await cases(shop))[0]
    assert "posted" not in overdue["ends"]
    status, told = await close(shop, overdue, POSTED)
    assert (status, told["code"]) == (422, "payments.cannot_end_so")


async def test_a_key_that_posted_one_case_posts_no_other(shop: World) -> None:
    first, second, *_ = await repeated(shop)
    assert (await close(shop, first, POSTED))[0] == 200
    assert (await close(shop, first, POSTED))[0] == 200
    status, told = await close(shop, second, POSTED)
    assert (status, told["code"]) == (409, "kernel.idempotency_key_reused")


@pytest.mark.parametrize("kind", sorted(ledger.OWN))
async def test_nobody_else_enters_a_kind_of_payments_own(shop: World, kind: str) -> None:
    with pytest.raises(ledger.KindReserved) as caught:
        await shop.payments.service.post(key="k", transfers=[Transfer("gateway:upi", "escrow", Paise(5), kind)])
    assert caught.value.params == {"kind": kind}
    assert await shop.balances() == []


def test_every_kind_that_payments_enters_is_its_own() -> None:
    much = Paise(100)
    arrival = arrivals.Arrival("s", "utr", 1, Paise(90), much, Paise(6), Paise(5), Paise(1))
    made = [
        ledger.capture("gateway", much), ledger.capture("gateway", much, late=True), ledger.refund_asked("gateway", much),
        ledger.refund_asked("gateway", much, "kaveri"), ledger.refund_processed("gateway", much),
        ledger.refund_failed("gateway", much), *ledger.handed_in("ravi", Paise(60), much), ledger.hold("s", much),
        ledger.release("s", much), ledger.dispute_opened("gateway", much), ledger.dispute_won("gateway", much),
        ledger.dispute_lost("seller:s", much), ledger.dispute_lost("seller:s", much, booked=True),
        *arrivals.transfers("gateway", arrival),
    ]  # fmt: skip
    assert {each.kind for each in made} | {"reconciliation"} == ledger.OWN
