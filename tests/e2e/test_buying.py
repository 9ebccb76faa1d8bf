"""People buy: by UPI, in their language, with what goes wrong on the way."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Enter
from tests.e2e.visitor import ADDRESS, Visitor, operator
from tests.proofs.stage import Actor, running

ATTA, ATTA_PRICE = "whole-wheat-atta", "₹239"


def test_a_purchase_by_upi_in_hindi_on_a_small_phone(come_in: Enter) -> None:
    meena = come_in(language="hi", width=360)
    meena.go("/")
    expect(meena.page.locator("html")).to_have_attribute("lang", "hi")
    meena.page.get_by_role("combobox").fill("aata")
    meena.page.get_by_role("option").filter(has_text="आटा").first.click()
    meena.page.wait_for_url(re.compile("/p/"))
    meena.fits()
    meena.buy(ATTA, ATTA_PRICE)
    meena.fits()
    expect(meena.page.get_by_text(meena.say("standing.pending"), exact=True)).to_be_visible()
    meena.pay()
    meena.stands("confirmed")
    meena.fits()
    meena.page.get_by_role("link", name=meena.say("invoice.see")).click()
    expect(meena.page.get_by_text(meena.say("invoice.tax_invoice"))).to_be_visible()
    meena.fits()
    assert_papers_can_be_kept(meena, 1)


def assert_papers_can_be_kept(person: Visitor, count: int) -> None:
    links = person.page.get_by_role("link", name=person.say("invoice.pdf"))
    expect(links).to_have_count(count)
    for link in links.all():
        paper = person.context.request.get(person.url + str(link.get_attribute("href")))
        assert (paper.status, paper.headers["content-type"]) == (200, "application/pdf")
        assert paper.body().startswith(b"%PDF")


def test_a_declined_payment_costs_nothing_and_fills_the_cart_again(come_in: Enter) -> None:
    ravi = come_in()
    ravi.buy(ATTA, ATTA_PRICE)
    with ravi.upi_app() as app:
        ravi.press("upi.decline", app)
        expect(app.locator("[data-bill=failed]")).to_be_visible()
    ravi.stands("cancelled")
    expect(ravi.page.get_by_text(ravi.say("why.declined"))).to_be_visible()
    expect(ravi.page.get_by_text(ravi.say("standing.noMoney"))).to_be_visible()
    ravi.press("order.again")
    expect(ravi.page.get_by_role("link", name=ravi.say("cart.checkout"))).to_be_visible()


def test_a_wrong_pin_may_be_entered_three_times(come_in: Enter) -> None:
    person = come_in(language="hi", width=360)
    person.buy(ATTA, ATTA_PRICE)
    with person.upi_app() as app:
        person.press("upi.approve", app)
        for _ in range(2):
            person.enter_pin(app, "4321")
            expect(app.get_by_role("alert").filter(has_text="PIN")).to_be_visible()
        person.enter_pin(app, "4321")
        expect(app.locator("[data-bill=failed] ~ [data-code]")).to_have_attribute("data-code", "Z6")
    person.stands("cancelled")
    expect(person.page.get_by_text(person.say("why.declined"))).to_be_visible()


def test_a_pin_of_six_digits_needs_no_mouse(come_in: Enter) -> None:
    person = come_in(width=360)
    person.buy(ATTA, ATTA_PRICE)
    with person.upi_app() as app:
        app.get_by_role("radio", name=re.compile("Gramin")).check()
        person.button("upi.approve", app).press("Enter")
        expect(app.get_by_label(person.say("upi.pin", count=6))).to_be_focused()
        app.keyboard.type("13579x0")
        app.keyboard.press("Enter")
        expect(app.locator("[data-bill=captured]")).to_be_visible()
    person.stands("confirmed")


def test_cancelling_at_the_pin_declines(come_in: Enter) -> None:
    person = come_in(language="kn")
    person.buy(ATTA, ATTA_PRICE)
    with person.upi_app() as app:
        person.press("upi.approve", app)
        person.press("upi.cancel", app)
        expect(app.locator("[data-bill=failed] ~ [data-code]")).to_have_attribute("data-code", "ZA")
    person.stands("cancelled")


def test_a_payment_that_nobody_makes_ends_by_itself(come_in: Enter, tmp_path: Path) -> None:
    hasty = Actor(tmp_path / "hasty", MELA_ORDERS_PAY_WITHIN_S="15", MELA_ORDERS_HOLD_S="90")
    with running(hasty):
        asha = come_in(hasty.url)
        asha.buy(ATTA, ATTA_PRICE)
        expect(asha.page.get_by_role("timer")).to_be_visible()
        asha.stands("cancelled", within_s=60)
        expect(asha.page.get_by_text(asha.say("why.expired"))).to_be_visible()
        asha.context.close()


def test_a_callback_that_is_lost_is_made_good_by_asking(come_in: Enter, tmp_path: Path) -> None:
    deaf = Actor(tmp_path / "deaf", MELA_PAYMENTS_SCHEDULE_SCALE="0.5")
    with running(deaf):
        secret = json.loads((tmp_path / "deaf" / "secrets.json").read_text())["gateway_key"]
        httpx2.post(
            f"{deaf.url}/sim/gateway/plan", json={"callback_lost": 1.0}, auth=("mela", secret)
        ).raise_for_status()
        asha = come_in(deaf.url)
        asha.buy(ATTA, ATTA_PRICE)
        asha.pay()
        expect(asha.page.get_by_text(asha.say("standing.pending"), exact=True)).to_be_visible()
        asha.stands("confirmed", within_s=60)
        asha.context.close()


def test_the_last_piece_goes_to_one_of_two_windows(come_in: Enter, shop: Actor) -> None:
    leave_one(shop)
    first, second = come_in(), come_in()
    for person in (first, second):
        person.go("/p/three-seater-sofa")
        person.page.get_by_role("radio", name=re.compile("Blue")).check()
        expect(person.page.get_by_text(person.say("stock.few", count=1))).to_be_visible()
        person.press("goods.add")
        person.go("/checkout")
        person.sign_in()
        person.fill_address()
    price = first.page.locator(".sums .total").last.inner_text()
    for person in (first, second):
        expect(person.button("checkout.upi", amount=price)).to_be_enabled()
    first.order(price)
    second.press("checkout.upi", amount=price)
    expect(second.page.get_by_role("alert")).to_be_visible()
    second.page.get_by_role("main").get_by_role("link", name=second.say("goods.toCart")).first.click()
    expect(second.page.get_by_text(second.say("cart.short"))).to_be_visible()
    expect(second.page.get_by_text(second.say("stock.out"))).to_be_visible()
    first.pay()
    first.stands("confirmed")


def leave_one(shop: Actor) -> None:
    """Sell six of the seven blue sofas in the sample."""
    with httpx2.Client(base_url=shop.url, timeout=30) as http:
        phone = "+919100009999"
        http.post("/api/accounts/codes", json={"phone": phone}).raise_for_status()
        text = http.get("/sim/sms/messages", params={"to": phone}).json()["items"][0]["text"]
        code = re.search(r"\d{6}", text)
        assert code
        token = http.post("/api/accounts/sessions", json={"phone": phone, "code": code[0]}).json()["token"]
        http.headers["authorization"] = f"Bearer {token}"
        http.put("/api/orders/cart/items/SOFA-3-BLUE", json={"quantity": 6}).raise_for_status()
        body = {"method": "cod", "address": ADDRESS | {"phone": phone, "state_code": "33"}}
        http.post("/api/orders/orders", json=body, headers={"idempotency-key": "leave-one-sofa"}).raise_for_status()


def test_the_language_may_change_in_the_middle_of_checkout(come_in: Enter) -> None:
    person = come_in(width=360)
    person.put_in("silk-saree")
    person.go("/checkout")
    person.fill_address(name="Meena முருகன்")
    english = person.say("checkout.where")
    person.page.get_by_role("button", name=re.compile("^" + person.say("head.language", name=""))).click()
    person.page.get_by_role("button", name="ಕನ್ನಡ").click()
    expect(person.page.get_by_text(english, exact=True)).to_have_count(0)
    expect(person.page.locator("html")).to_have_attribute("lang", "kn")
    expect(person.page.locator("[name=name]")).to_have_value("Meena முருகன்")
    expect(person.page.locator("[name=pin]")).to_have_value(ADDRESS["pin"])
    person.fits()


def test_rupees_are_grouped_by_lakhs_in_kannada_too(come_in: Enter) -> None:
    person = come_in(language="kn")
    person.go("/p/folding-smartphone")
    expect(person.page.get_by_text(re.compile(r"₹\d,\d\d,\d\d\d")).first).to_be_visible()


def test_cash_on_delivery_needs_no_payment_now(come_in: Enter) -> None:
    person = come_in(language="ta", width=360)
    person.put_in(ATTA)
    person.go("/checkout")
    person.sign_in()
    person.fill_address()
    person.page.get_by_role("radio", name=re.compile("^" + person.say("pay.cod"))).check()
    person.press("checkout.cod")
    person.page.wait_for_url(re.compile("/orders/ord_"))
    person.stands("confirmed")


def test_what_was_put_in_is_there_after_the_window_was_closed_and_after_signing_in(come_in: Enter) -> None:
    person = come_in()
    person.put_in(ATTA)
    person.page.close()
    person.page = person.context.new_page()
    person.go("/cart")
    expect(person.page.get_by_role("link", name=re.compile("atta"))).to_be_visible()
    person.go("/signin?to=/cart")
    person.sign_in()
    person.page.wait_for_url(re.compile("/cart$"))
    expect(person.page.get_by_role("link", name=re.compile("atta"))).to_be_visible()


@pytest.mark.parametrize("killed", [True, False], ids=["the platform dies", "the phone loses its net"])
def test_a_line_lost_while_waiting_is_found_again(come_in: Enter, tmp_path: Path, killed: bool) -> None:
    own = Actor(tmp_path / "own")
    with running(own):
        asha = come_in(own.url)
        asha.buy(ATTA, ATTA_PRICE)
        if killed:
            own.kill()
            expect(asha.page.locator("[data-line=lost]")).to_be_visible()
            own.start()
        else:
            asha.context.set_offline(True)
            expect(asha.page.get_by_text(asha.say("error.offline"))).to_be_visible()
            asha.context.set_offline(False)
        asha.pay()
        asha.stands("confirmed")
        asha.context.close()


def test_a_cancelled_orders_money_is_followed_until_it_is_back(come_in: Enter) -> None:
    person = come_in(width=360)
    person.buy(ATTA, ATTA_PRICE)
    person.pay()
    person.stands("confirmed")
    person.press("cancel.begin")
    person.page.get_by_label(person.say("cancel.mistake")).check()
    person.press("cancel.do")
    person.stands("cancelled")
    expect(person.page.locator("[data-refund=processed]")).to_be_visible(timeout=20_000)
    expect(person.page.get_by_text(person.say("refund.processed"))).to_be_visible()
    person.fits()
    person.page.get_by_role("link", name=person.say("invoice.see")).click()
    expect(person.page.get_by_text(person.say("invoice.credit_note"))).to_be_visible()
    person.fits()
    assert_papers_can_be_kept(person, 2)


def test_a_return_is_followed_from_the_door_to_the_money(come_in: Enter, shop: Actor) -> None:
    person = come_in()
    person.buy(ATTA, ATTA_PRICE)
    person.pay()
    person.stands("confirmed")
    with operator(shop.folder, shop.url) as duty:
        duty.post(f"/api/orders/orders/{person.order_id()}/ship").raise_for_status()
        person.stands("shipped")
        duty.post(f"/api/orders/orders/{person.order_id()}/deliver").raise_for_status()
        person.stands("delivered")
        person.page.get_by_text(person.say("return.begin")).click()
        person.page.get_by_role("button", name=re.compile("One more of Whole wheat atta")).click()
        person.page.get_by_label(person.say("return.damaged")).check()
        person.press("return.do")
        expect(person.page.locator("[data-return=requested]")).to_be_visible()
        asked = person.page.evaluate(f"fetch('/api/orders/orders/{person.order_id()}/returns').then(a => a.json())")
        duty.post(f"/api/orders/returns/{asked['items'][0]['id']}/received").raise_for_status()
        expect(person.page.locator("[data-refund=processed]")).to_be_visible(timeout=20_000)
        expect(person.page.locator("[data-return=refunded]")).to_be_visible()
