"""Payments and refunds: one contract, every provider, through its own HTTP shapes."""

import csv
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mela.kernel.clock import india_date
from mela.kernel.http import MOST, Transport
from mela.kernel.money import Paise
from mela.services.payments.model import Known, ProviderBooks, ProviderPayment, ProviderRefund, Word
from mela.services.payments.providers import Absent, Can, Declined, Unknown, Unsent
from tests.contract.http.test_transport import endless, serving
from tests.contract.providers.outside import CARD, START, Outside, charge

NEW = charge()


async def status(there: Outside, known: Known) -> ProviderPayment:
    told = await there.provider.status(known)
    assert isinstance(told, ProviderPayment), told
    return told


async def books(there: Outside) -> dict[str, int]:
    told = await there.provider.books()
    assert isinstance(told, ProviderBooks)
    return {kind: total.amount for kind, total in told.totals.items() if total.amount}


async def test_a_new_payment_says_where_the_payer_pays(there: Outside) -> None:
    told = await there.provider.create(NEW)
    assert isinstance(told, ProviderPayment)
    assert (told.reference, told.status, told.amount) == ("pay_1", Word.CREATED, 12_950)
    assert told.intent_url is not None
    link = httpx2.URL(told.intent_url)
    assert (link.scheme, link.host, link.params["am"], link.params["cu"]) == ("upi", "pay", "129.50", "INR")


async def test_the_same_reference_again_is_the_same_payment(there: Outside) -> None:
    first, again = await there.provider.create(NEW), await there.provider.create(NEW)
    assert first == again


async def test_a_payment_is_created_then_captured_and_found_by_either_name(there: Outside) -> None:
    known = await there.create()
    assert (await status(there, known)).status is Word.CREATED
    await there.payer("approve")
    for asked in (known, Known("pay_1", Paise(12_950))):
        told = await status(there, asked)
        assert (told.id, told.reference, told.status, told.amount) == (known.id, "pay_1", Word.CAPTURED, 12_950)
        assert told.rrn
    assert await books(there) == {"collected": 12_950}


async def test_a_payment_that_never_arrived_is_absent(there: Outside) -> None:
    assert await there.provider.status(Known("pay_2", Paise(12_950))) == Absent()


async def test_a_payer_who_declines_gives_a_failure_with_a_code(there: Outside) -> None:
    known = await there.create()
    await there.payer("decline", body={"code": "Z9"})
    told = await status(there, known)
    assert told.status is Word.FAILED
    assert told.error_code


async def test_a_payment_that_nobody_pays_expires(there: Outside) -> None:
    known = await there.create()
    await there.pass_time(601)
    assert (await status(there, known)).status is Word.EXPIRED


async def test_too_small_an_amount_is_declined(there: Outside) -> None:
    assert isinstance(await there.provider.create(charge(amount=99)), Declined)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
async def test_an_answer_that_is_lost_is_unknown_and_the_repetition_begins_one_payment(
    there: Outside, fault: str
) -> None:
    await there.plan(**{fault: 1.0})
    told = await there.provider.create(NEW)
    assert isinstance(told, Unknown)
    assert not isinstance(told, Unsent)
    assert isinstance(await there.provider.status(Known("pay_1", Paise(12_950))), Unknown)
    await there.plan()
    await there.paid()
    assert await books(there) == {"collected": 12_950}


async def test_slowness_is_unknown(there: Outside) -> None:
    await there.plan(latency_ms=60_000)
    slow = there.with_account(timeout_s=0.05)
    assert isinstance(await slow.create(NEW), Unknown)


async def test_no_connection_is_unsent(there: Outside) -> None:
    there.wires.cut.add("sim")
    assert isinstance(await there.provider.create(NEW), Unsent)
    assert isinstance(await there.provider.status(Known("pay_1", Paise(1))), Unsent)


async def test_a_wrong_key_is_unknown_not_declined(there: Outside) -> None:
    other = there.with_account(key_secret="another")
    for told in (await other.create(NEW), await other.status(Known("pay_1", Paise(12_950)))):
        assert isinstance(told, Unknown)
    assert await there.provider.status(Known("pay_1", Paise(12_950))) == Absent()


async def test_an_answer_that_cannot_be_read_is_unknown(there: Outside) -> None:
    known = await there.paid()
    there.wires.ends["sim"] = httpx2.MockTransport(lambda _: httpx2.Response(200, content=b"<html>busy</html>"))
    told = (
        await there.provider.create(NEW), await there.provider.status(known),
        await there.provider.refund(known, reference="rfnd_00000001", amount=100),
        await there.provider.refund_status(known, reference="rfnd_00000001"), await there.provider.books(),
    )  # fmt: skip
    assert [type(each) for each in told] == [Unknown] * 5


async def test_an_answer_without_an_end_is_unknown(there: Outside) -> None:
    known, sent = await there.paid(), list[int]()
    async with serving(endless(b"content-length: 1000000000\r\n", sent)) as url, Transport() as transport:
        there.wires.ends["127.0.0.1"] = transport
        aside = there.with_account(url=url)
        told = await aside.create(NEW), await aside.status(known), await aside.books()
    assert [type(each) for each in told] == [Unknown] * 3
    assert sum(sent) < 6 * MOST


async def test_parts_go_back_once_each_and_never_more_than_came(there: Outside) -> None:
    known = await there.paid()
    for reference, amount in (("rfnd_00000001", 2_950), ("rfnd_00000001", 2_950), ("rfnd_00000002", 10_000)):
        told = await there.provider.refund(known, reference=reference, amount=amount)
        assert isinstance(told, ProviderRefund), told
        assert (told.reference, told.amount, told.status) == (reference, amount, "processed")
    assert isinstance(await there.provider.refund(known, reference="rfnd_00000003", amount=1), Declined)
    assert await books(there) == {"collected": 12_950, "refunded": 12_950}
    assert (await status(there, known)).status is Word.CAPTURED


async def test_a_refund_that_takes_its_time_is_pending_then_processed(there: Outside) -> None:
    known = await there.paid()
    await there.plan(refund_pending=1.0, refund_pending_ms=60_000)
    assert await there.provider.refund_status(known, reference="rfnd_00000001") == Absent()
    told = await there.provider.refund(known, reference="rfnd_00000001", amount=500)
    assert told == ProviderRefund("rfnd_00000001", Paise(500), "pending")
    await there.pass_time(61)
    processed = ProviderRefund("rfnd_00000001", Paise(500), "processed")
    assert await there.provider.refund_status(known, reference="rfnd_00000001") == processed
    assert await there.provider.refund(known, reference="rfnd_00000001", amount=500) == processed


async def test_a_refund_whose_answer_is_lost_is_unknown_and_goes_back_once(there: Outside) -> None:
    known = await there.paid()
    await there.plan(drop_after=1.0)
    assert isinstance(await there.provider.refund(known, reference="rfnd_00000001", amount=500), Unknown)
    await there.plan()
    assert isinstance(await there.provider.refund(known, reference="rfnd_00000001", amount=500), ProviderRefund)
    assert await books(there) == {"collected": 12_950, "refunded": 500}


async def test_a_card_is_authorised_and_captured_in_part(there: Outside) -> None:
    if "capture" not in there.provider.can:
        assert isinstance(
            await there.provider.capture(await there.paid(), 100, reference="cap_1", final=True), Declined
        )
        return
    known = await there.paid(card=CARD, capture=False)
    assert (await status(there, known)).status is Word.AUTHORIZED
    assert await books(there) == {}
    told = await there.provider.capture(known, 10_000, reference="cap_1", final=True)
    assert isinstance(told, ProviderPayment), told
    assert (told.status, told.amount) == (Word.CAPTURED, 10_000)
    assert isinstance(await there.provider.capture(known, 12_950, reference="cap_1", final=True), Declined)
    assert await books(there) == {"collected": 10_000}
    assert (await status(there, known)).amount == 10_000
    assert isinstance(await there.provider.refund(known, reference="rfnd_00000001", amount=10_001), Declined)


async def test_a_card_is_authorised_and_let_go(there: Outside) -> None:
    if "void" not in there.provider.can:
        assert isinstance(await there.provider.void(await there.create()), Declined)
        return
    known = await there.paid(card=CARD, capture=False)
    for _ in range(2):
        told = await there.provider.void(known)
        assert isinstance(told, ProviderPayment), told
        assert told.status is Word.VOIDED
    assert isinstance(await there.provider.capture(known, 100, reference="cap_1", final=True), Declined)
    assert await books(there) == {}


async def test_a_card_that_is_not_to_wait_is_captured_when_the_payer_agrees(there: Outside) -> None:
    if "card" not in there.provider.can:
        assert isinstance(await there.provider.create(charge(card=CARD)), Declined)
        return
    assert (await status(there, await there.paid(card=CARD))).status is Word.CAPTURED


async def test_a_days_report_has_every_movement_under_our_own_names(there: Outside, tmp_path: Path) -> None:
    file = tmp_path / "report.csv"
    if "report" not in there.provider.can:
        assert isinstance(await there.provider.report(india_date(START), file), Unknown)
        return
    for n in range(60):
        await there.paid(f"pay_{n}", 1_000 + n)
    await there.provider.refund(await there.paid("pay_x", 500), reference="rfnd_00000001", amount=300)
    assert await there.provider.report(india_date(START), file) is None
    *rows, total = csv.reader(file.read_text().splitlines()[1:])
    moved = {("collected", f"pay_{n}", str(1_000 + n)) for n in range(60)}
    moved |= {("collected", "pay_x", "500"), ("refunded", "rfnd_00000001", "300")}
    assert {tuple(row[:3]) for row in rows} == moved
    assert {row[3] for row in rows} == {"2026-11-23T06:30:00Z"}
    assert total == ["total", "62", str(sum(int(row[2]) for row in rows)), ""]


async def test_the_report_of_a_day_without_movements_is_empty_not_missing(there: Outside, tmp_path: Path) -> None:
    if "report" in there.provider.can:
        file = tmp_path / "report.csv"
        assert await there.provider.report(india_date(START), file) is None
        assert file.read_text().splitlines()[1:] == ["total,0,0,"]


@pytest.mark.parametrize("means", [{"bank": "HDFC"}, {"wallet": "paytm"}, {"vpa": "asha@simbank"}])
async def test_net_banking_a_wallet_or_a_upi_address_is_paid_or_declined_at_once(
    there: Outside, means: dict[str, Any]
) -> None:
    offered = {"bank": "netbanking", "wallet": "wallet", "vpa": "collect"}[next(iter(means))]
    if offered not in there.provider.can:
        assert isinstance(await there.provider.create(charge(**means)), Declined)
        return
    known = await there.paid(**means)
    assert (await status(there, known)).status is Word.CAPTURED


async def test_a_card_is_captured_in_parts_where_the_provider_can(there: Outside) -> None:
    if "captures" not in there.provider.can:
        return
    known = await there.paid(card=CARD, capture=False)
    for reference, amount, word in (
        ("cap_1", 2_000, Word.AUTHORIZED),
        ("cap_1", 2_000, Word.AUTHORIZED),
        ("cap_2", 3_000, Word.CAPTURED),
    ):
        told = await there.provider.capture(known, amount, reference=reference, final=reference == "cap_2")
        assert isinstance(told, ProviderPayment)
        assert told.status is word
    books = await there.provider.books()
    assert isinstance(books, ProviderBooks)
    assert books.totals["collected"].amount == 5_000


async def test_a_bank_that_is_down_is_told_where_the_provider_can(there: Outside) -> None:
    await there.plan(banks_down=["SBIN"])
    told = await there.provider.downtimes()
    if "downtimes" in there.provider.can:
        assert isinstance(told, list)
        assert [(each.method, each.instrument) for each in told] == [("netbanking", "SBIN")]
    else:
        assert isinstance(told, Unknown)


async def test_a_deemed_payment_is_open_until_it_is_confirmed(there: Outside) -> None:
    await there.plan(deemed=1.0, deemed_ms=1_000)
    known = await there.paid()
    assert (await status(there, known)).status in (Word.DEEMED, Word.CREATED)
    await there.pass_time(2)
    assert (await status(there, known)).status is Word.CAPTURED


async def test_a_method_that_is_not_offered_is_refused_before_anybody_is_asked(there: Outside) -> None:
    means: dict[Can, dict[str, Any]] = {
        "card": {"card": CARD}, "netbanking": {"bank": "SBIN"}, "wallet": {"wallet": "paytm"}, "collect": {"vpa": "meena@okbank"},
    }  # fmt: skip
    for name, given in means.items():
        if name not in there.provider.can:
            there.wires.seen.clear()
            assert await there.provider.create(charge(**given)) == Declined("not_offered")
            assert there.wires.seen == []
