"""People pay by card, by net banking and by wallet; a card's number goes to its network and nowhere else."""

import json
import re
import subprocess
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import Enter
from tests.e2e.test_buying import ATTA, ATTA_PRICE
from tests.e2e.visitor import Visitor
from tests.proofs.stage import MELA, Actor, running

CARD = "4111111111111111"


def at_checkout(person: Visitor, method: str) -> Visitor:
    person.put_in(ATTA)
    person.go("/checkout")
    person.sign_in()
    person.fill_address()
    person.choose(method)
    return person


def by_card(person: Visitor) -> Visitor:
    """Somebody on the page of their card's bank."""
    at_checkout(person, "card").type_card()
    person.order_by("card")
    person.to_page()
    return person


def test_a_purchase_by_card_in_hindi_on_a_small_phone(come_in: Enter) -> None:
    meena = come_in(language="hi", width=360)
    at_checkout(meena, "card")
    meena.type_card("6521111111111110")
    expect(meena.page.locator("output[data-network=rupay]")).to_have_text("RuPay")
    meena.fits()
    meena.order_by("card", ATTA_PRICE)
    meena.fits()
    meena.to_page()
    expect(meena.page.get_by_text("RuPay •••• 1110")).to_be_visible()
    meena.fits()
    meena.agree(ATTA_PRICE, "123456")
    expect(meena.page.get_by_role("status").filter(has_text=meena.say("page.done"))).to_be_visible()
    meena.back()
    meena.stands("confirmed")
    expect(meena.page.get_by_role("definition").filter(has_text=meena.say("pay.card"))).to_be_visible()


def test_no_request_but_that_to_the_network_ever_holds_the_number(come_in: Enter) -> None:
    person, sent = come_in(), []

    def see(request: Request) -> None:
        told = " ".join([request.url, request.post_data or "", *request.all_headers().values()])
        if CARD[-8:] in re.sub(r"[ -]", "", told):
            sent.append(request.url)

    person.page.on("request", see)
    by_card(person).agree(ATTA_PRICE, "654321")
    person.back()
    person.stands("confirmed")
    assert sent == [f"{person.url}/sim/gateway/cards/tokens"]
    remembered = person.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert CARD[-8:] not in remembered


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"number": "4111 1111 1111 1112"}, "card.number", "card.wrong.number"),
        ({"number": "9999 9999 9999 9999"}, "card.number", "card.wrong.network"),
        ({"expiry": "1330"}, "card.expiry", "card.wrong.expiry"),
        ({"expiry": "0126"}, "card.expiry", "card.wrong.past"),
        ({"number": "378282246310005"}, "card.cvv", "card.wrong.cvv"),  # American Express prints four
    ],
)
def test_what_is_wrong_with_a_card_is_said_at_its_field(
    come_in: Enter, typed: dict[str, str], field: str, said: str
) -> None:
    person = at_checkout(come_in(language="ta", width=360), "card")
    person.type_card(**typed)
    person.press("checkout.card", amount=ATTA_PRICE)
    wrong = person.page.get_by_label(person.say(field), exact=True)
    expect(wrong).to_be_focused()
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(re.compile(re.escape(person.say(said))))
    assert person.page.url.endswith("/checkout")


def test_a_digit_may_be_put_right_in_the_middle_of_a_number(come_in: Enter) -> None:
    person = at_checkout(come_in(), "card")
    person.type_card("4111 1511 1111 1111")
    number = person.page.get_by_label(person.say("card.number"), exact=True)
    number.focus()
    number.evaluate("field => field.setSelectionRange(7, 7)")
    person.page.keyboard.press("Backspace")
    person.page.keyboard.type("1")
    expect(number).to_have_value("4111 1111 1111 1111")
    assert number.evaluate("field => field.selectionStart") == 7


def test_a_wrong_code_may_be_entered_three_times(come_in: Enter) -> None:
    person = by_card(come_in(language="te", width=360))
    for left in (2, 1):
        person.agree(ATTA_PRICE, "000000")
        expect(person.page.get_by_role("alert").filter(has_text=str(left))).to_be_visible()
    person.agree(ATTA_PRICE, "000000")
    expect(person.page.locator("[data-bill=failed]")).to_be_visible()
    person.back()
    person.stands("cancelled")
    expect(person.page.get_by_text(person.say("why.declined"))).to_be_visible()
    expect(person.page.get_by_text(person.say("standing.noMoney"))).to_be_visible()


def test_a_card_that_its_bank_refuses_costs_nothing(come_in: Enter, tmp_path: Path) -> None:
    strict = Actor(tmp_path / "strict")
    with running(strict):
        plan(strict, {"decline": 1.0, "decline_codes": ["Z9"]})
        asha = by_card(come_in(strict.url))
        asha.agree(ATTA_PRICE, "123456")
        expect(asha.page.locator("[data-bill=failed] ~ [data-code]")).to_have_attribute("data-code", "Z9")
        asha.back()
        asha.stands("cancelled")
        expect(asha.page.get_by_text(asha.say("standing.noMoney"))).to_be_visible()
        asha.context.close()


def test_net_banking_with_the_keyboard_alone(come_in: Enter) -> None:
    person = at_checkout(come_in(language="kn"), "netbanking")
    banks = person.page.get_by_label(person.say("bank.label"))
    banks.focus()
    person.page.keyboard.type("Karnataka")  # a list of the system is searched by typing
    expect(banks).to_have_value("KARB")
    person.button("checkout.netbanking", amount=ATTA_PRICE).press("Enter")
    person.page.wait_for_url(re.compile(r"/orders/ord_"))
    person.page.get_by_role("link", name=person.say("pay.page")).press("Enter")
    person.page.wait_for_url(re.compile("/bank/"))
    expect(person.page.get_by_text("Karnataka Bank")).to_be_visible()
    person.button("page.agree", amount=ATTA_PRICE).press("Enter")
    person.page.get_by_role("link", name=person.say("page.back")).press("Enter")
    person.stands("confirmed")


def test_a_wallet_that_is_refused_and_another_that_pays(come_in: Enter) -> None:
    person = at_checkout(come_in(width=360), "wallet")
    person.page.get_by_role("radio", name="MobiKwik").check()
    person.order_by("wallet")
    person.to_page("pay.page.wallet")
    person.press("page.refuse")
    expect(person.page.locator("[data-bill=failed]")).to_be_visible()
    person.back()
    person.stands("cancelled")
    person.press("order.again")
    expect(person.page.get_by_role("link", name=person.say("cart.checkout"))).to_be_visible()
    person.go("/checkout")
    person.choose("wallet")
    person.page.get_by_role("radio", name="Paytm").check()
    person.order_by("wallet")
    person.to_page("pay.page.wallet")
    expect(person.page.get_by_text("Paytm")).to_be_visible()
    person.agree(ATTA_PRICE)
    person.back()
    person.stands("confirmed")


def test_a_bank_that_is_down_is_marked_and_cannot_be_chosen(come_in: Enter, tmp_path: Path) -> None:
    lame = Actor(tmp_path / "lame")
    with running(lame):
        early = at_checkout(come_in(lame.url), "netbanking")
        early.page.get_by_label(early.say("bank.label"), exact=True).select_option("SBIN")
        plan(lame, {"banks_down": ["SBIN", "paytm"]})
        while not any(bank["down"] for bank in offered(early)["netbanking"]):  # it is asked for twice a minute
            early.page.wait_for_timeout(500)
        expect(early.page.locator("option[value=SBIN]")).to_be_enabled()
        early.press("checkout.netbanking", amount=ATTA_PRICE)
        expect(early.page.get_by_role("alert")).to_be_visible()
        expect(early.page.locator("option[value=SBIN]")).to_be_disabled()
        expect(early.page.locator("option[value=SBIN]")).to_contain_text("State Bank of India – ")
        expect(early.page.get_by_label(early.say("bank.label"), exact=True)).to_have_value("")
        early.choose("wallet")
        expect(early.page.get_by_role("radio", name=re.compile("^Paytm – "))).to_be_disabled()
        early.choose("netbanking")
        early.page.get_by_label(early.say("bank.label"), exact=True).select_option("HDFC")
        early.order_by("netbanking")
        early.context.close()


def offered(person: Visitor) -> dict[str, list[dict[str, object]]]:
    """Banks and wallets as the shop knows them now."""
    found: dict[str, list[dict[str, object]]] = person.page.request.get(f"{person.url}/api/payments/methods").json()
    return found


def plan(shop: Actor, faults: dict[str, object]) -> None:
    """Tell the simulated gateway what shall go wrong."""
    secret = json.loads((shop.folder / "secrets.json").read_text())["gateway_key"]
    httpx2.post(f"{shop.url}/sim/gateway/plan", json=faults, auth=("mela", secret)).raise_for_status()


@pytest.mark.parametrize("means", [("card",), ("netbanking", "--with", "SBIN"), ("wallet", "--with", "phonepe")])
def test_mela_buy_pays_by_every_method(shop: Actor, means: tuple[str, ...]) -> None:
    told = subprocess.run(
        [MELA, "buy", "atta", "--url", shop.url, "--json", "--method", *means],
        check=True,
        capture_output=True,
        text=True,
    )
    steps = {step["step"]: step for step in map(json.loads, told.stdout.splitlines())}
    assert steps["confirmed"]["state"] == "confirmed"
    assert CARD not in told.stdout + told.stderr
