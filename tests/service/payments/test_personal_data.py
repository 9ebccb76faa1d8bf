"""What is paid with, and the mark of a payer's browser, are sealed; what looks at the mark looks at a keyed hash."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from mela.contracts.payments import Payer, Payment
from mela.kernel.sealed.rotation import count_by_key
from mela.services.payments.tables import attempts, payments
from tests.service.payments.world import World

MARK = "d" * 16


async def from_browser(shop: World, number: int) -> Payment:
    payer = Payer(f"cus_{number}", "Meena R", MARK, "33", ["seller-1"])
    return await shop.start(1_000, method="card", instrument=await shop.card(), payer=payer)


async def kept(shop: World, sql: str) -> Sequence[Any]:
    return (await shop.payments.db.read(lambda conn: conn.execute(text(sql)))).all()


async def test_no_card_and_no_mark_of_a_browser_lies_in_plain(shop: World) -> None:
    payment = await from_browser(shop, 1)
    rows = await kept(
        shop, "select p.instrument, a.device, a.device_index from payments p join attempts a on a.payment_id = p.id"
    )
    ((instrument, device, index),) = rows
    assert instrument.startswith("sealed:1:")
    assert device.startswith("sealed:1:")
    assert (len(index), MARK in index) == (64, False)
    await shop.approve(payment)
    assert (await shop.now(payment)).captured == 1_000


async def test_marks_of_the_version_before_are_sealed_and_found_once_the_job_has_been(shop: World) -> None:
    made = [
        await from_browser(shop, number) for number in (1, 2, 3, 4)
    ]  # a fifth payer at one browser waits for a person

    def plain(conn: Connection) -> None:
        conn.execute(text(f"update attempts set device = '{MARK}', device_index = null"))  # noqa: S608
        conn.execute(text("""update payments set instrument = '{"card": "tok_1"}'"""))

    await shop.payments.db.run(plain)
    assert (await from_browser(shop, 5)).reason is None, "nobody finds the first four"
    await shop.payments.seal()
    for table, values in ((payments, 5), (attempts, 5)):
        assert await shop.payments.db.read(count_by_key, table) == {"1": values}
    (distinct,) = await kept(shop, "select count(distinct device_index) from attempts")
    assert distinct[0] == 1
    assert (await from_browser(shop, 6)).reason == "risk_review", "all are found"
    assert (await shop.now(made[0])).id == made[0].id


async def test_looking_at_a_payment_opens_nothing_of_its_payer(shop: World) -> None:
    payment = await from_browser(shop, 1)
    for path in ("", "/timeline", "/route"):
        answer = await shop.payments.client.get(f"/api/payments/payments/{payment.id}{path}", headers=shop.operator())
        assert answer.status_code == 200, answer.text
        assert MARK not in answer.text
    assert await kept(shop, "select * from personal_reads") == []
