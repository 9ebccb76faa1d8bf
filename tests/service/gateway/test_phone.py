"""The payer's phone: opens a link or a code, knows its accounts, asks for a PIN."""

from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.service.gateway.conftest import Bank

ASHA = {"vpa": "asha@simbank", "pin": "1234"}


async def link(bank: Bank, amount: int = 129_900) -> tuple[str, str]:
    """A payment's id and its link."""
    payment = (await bank.payment(amount=amount)).json()
    return payment["id"], payment["intent_url"]


async def opened(bank: Bank, text: str) -> httpx2.Response:
    return await bank.get(f"/upi?link={quote(text, safe='')}", auth=None)


async def pay(bank: Bank, payment: str, body: dict[str, Any], **headers: str) -> httpx2.Response:
    return await bank.gateway.client.post(f"/sim/gateway/upi/{payment}/approve", json=body, headers=headers)


async def test_a_scanned_code_shows_what_there_is_to_pay(bank: Bank) -> None:
    payment, text = await link(bank)
    bill = (await opened(bank, text)).json()
    assert (bill["id"], bill["amount"], bill["payee"], bill["intent_url"]) == (payment, 129_900, "Mela", text)
    assert (bill["expires"], bill["seconds_left"], bill["pin_tries_left"]) == ("2026-11-23T06:40:00Z", 600, 3)
    assert bill == (await bank.get(f"/upi/{payment}", auth=None)).json()


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("am=1299.00", "am=1.00", "am"), ("pa=mela@simbank", "pa=thief@simbank", "pa"), ("upi://", "https://", "tr"),
     ("&tr=", "&xx=", "tr"), ("cu=INR", "cu=USD", "cu")],
)  # fmt: skip
async def test_a_link_that_was_changed_is_refused(bank: Bank, old: str, new: str, field: str) -> None:
    _, text = await link(bank)
    answer = await opened(bank, text.replace(old, new))
    assert (answer.status_code, answer.json()["code"]) == (422, "gateway.link_altered")
    assert answer.json()["params"] == {"field": field}


async def test_a_link_of_an_unknown_payment_is_not_found(bank: Bank) -> None:
    answer = await opened(bank, "upi://pay?pa=mela@simbank&tr=gp0000000000&am=1.00&cu=INR")
    assert answer.status_code == 404


async def test_the_phone_knows_its_accounts(bank: Bank) -> None:
    accounts = (await bank.get("/upi/accounts", auth=None)).json()["items"]
    assert {account["vpa"] for account in accounts} >= {"asha@simbank"}
    assert all(account["masked"].startswith("XXXX") for account in accounts)


async def test_the_right_pin_pays_once(bank: Bank) -> None:
    payment, _ = await link(bank)
    first, again = await pay(bank, payment, ASHA), await pay(bank, payment, ASHA)
    assert (first.json()["status"], first.json()["rrn"]) == ("captured", again.json()["rrn"])
    assert (await bank.books())["totals"]["collected"] == {"count": 1, "amount": 129_900}


async def test_a_wrong_pin_may_be_entered_again_and_the_third_ends_the_payment(bank: Bank) -> None:
    payment, _ = await link(bank)
    wrong = ASHA | {"pin": "9999"}
    lefts = [(await pay(bank, payment, wrong)).json()["params"]["left"] for _ in range(2)]
    assert lefts == [2, 1]
    assert (await bank.get(f"/upi/{payment}", auth=None)).json()["pin_tries_left"] == 1
    failed = (await pay(bank, payment, wrong)).json()
    assert (failed["status"], failed["error_code"], failed["error"]) == ("failed", "Z6", "number of PIN tries exceeded")
    assert (await pay(bank, payment, ASHA)).json()["code"] == "gateway.not_open"
    assert [told["event"] for told in await bank.told()] == ["payment.failed"]


async def by_card(bank: Bank) -> str:
    card = {"token": "9123456789012345", "cryptogram": "AAAA", "expiry": "1230", "network": "visa", "last4": "3478"}
    found: str = (await bank.payment(amount=129_900, method="card", card=card)).json()["id"]
    return found


async def test_the_code_of_a_cards_bank_may_be_entered_three_times(bank: Bank) -> None:
    payment = await by_card(bank)
    for left in (2, 1):
        refused = (await pay(bank, payment, {"otp": "000000"})).json()
        assert (refused["code"], refused["params"]["left"]) == ("gateway.wrong_otp", left)
    failed = (await pay(bank, payment, {"otp": "000000"})).json()
    assert (failed["status"], failed["paid_with"]) == ("failed", "visa 3478")
    assert (await bank.books())["totals"]["collected"]["count"] == 0


async def test_any_other_code_agrees_once(bank: Bank) -> None:
    payment = await by_card(bank)
    assert (await pay(bank, payment, {"otp": "000000"})).status_code == 422
    first, again = [(await pay(bank, payment, {"otp": otp})).json() for otp in ("123456", "654321")]
    assert (first["status"], first["rrn"]) == ("captured", again["rrn"])
    assert (await bank.books())["totals"]["collected"] == {"count": 1, "amount": 129_900}


async def test_above_the_banks_limit_the_bank_says_no(bank: Bank) -> None:
    payment, _ = await link(bank)
    failed = (await pay(bank, payment, {"vpa": "asha.pocket@simbank", "pin": "1234"})).json()
    assert (failed["status"], failed["error_code"]) == ("failed", "Z9")


async def test_a_payment_that_is_let_run_out_says_so(bank: Bank) -> None:
    payment, _ = await link(bank)
    bank.clock.advance(601)
    await bank.gateway.run_job("let_time_pass")
    bill = (await bank.get(f"/upi/{payment}", auth=None)).json()
    assert (bill["status"], bill["error"], bill["seconds_left"]) == ("expired", "request expired", 0)


@pytest.mark.parametrize("sender", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
@pytest.mark.parametrize("verb", ["approve", "decline"])
async def test_another_sites_page_neither_pays_nor_declines(bank: Bank, sender: dict[str, str], verb: str) -> None:
    payment, _ = await link(bank)
    answer = await bank.gateway.client.post(f"/sim/gateway/upi/{payment}/{verb}", headers=sender)
    assert (answer.status_code, answer.json()["code"]) == (403, "kernel.forged")
    assert (await bank.get(f"/upi/{payment}", auth=None)).json()["status"] == "created"
