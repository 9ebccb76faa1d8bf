"""The room of the person on duty: figures that move, a crowd, chaos, a parked event that goes again."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Enter
from tests.e2e.visitor import AXE, Visitor
from tests.proofs.stage import Actor


def open_room(come_in: Enter, **how: object) -> Visitor:
    duty: Visitor = come_in(**how)
    duty.go("/control")
    expect(duty.page.get_by_role("status").first).to_have_text(re.compile("live|लाइव"))
    return duty


def test_a_crowd_is_seen_in_the_figures_and_goes_home(come_in: Enter) -> None:
    duty = open_room(come_in)
    shoppers = duty.page.get_by_label("Shoppers")
    shoppers.fill("3")  # the fourth place of the slider: three shoppers
    expect(duty.page.get_by_text(re.compile(r"^[1-9.]\S* purchases and"))).to_be_visible(timeout=60_000)
    confirmed = duty.page.locator(".legend li", has_text="confirmed").locator("strong")
    expect(confirmed).not_to_have_text(re.compile("^[0–]$"), timeout=60_000)
    duty.page.get_by_role("button", name="Send all home").click()
    expect(duty.page.get_by_text(re.compile("purchases and"))).to_have_count(0)
    expect(shoppers).to_have_value("0")


def test_what_goes_wrong_is_kept_by_the_gateway_until_all_is_well_again(come_in: Enter) -> None:
    duty = open_room(come_in)
    with duty.page.expect_response(lambda answer: answer.request.method == "PUT" and "chaos" in answer.url) as told:
        duty.page.get_by_label(re.compile("^Decline")).fill("40")
    assert told.value.json()["decline"] == pytest.approx(0.4)
    duty.go("/control")
    expect(duty.page.get_by_label(re.compile("^Decline"))).to_have_value("40")
    duty.page.get_by_role("button", name="All well again").click()
    expect(duty.page.get_by_label(re.compile("^Decline"))).to_have_value("0")


def test_a_parked_event_goes_again_at_the_press_of_a_button(come_in: Enter, shop: Actor) -> None:
    buyer = come_in()
    buyer.buy("whole-wheat-atta", "₹239")
    buyer.pay()
    buyer.stands("confirmed")
    park(shop.folder / "settlement.db", buyer.order_id(), "settlement.no_rate")
    duty = open_room(come_in)
    parked = duty.page.get_by_role("region", name="Parked events")
    expect(parked.get_by_text("settlement.no_rate")).to_be_visible()
    parked.get_by_role("button", name="Let it go again").click()
    expect(parked.get_by_text("Nothing is parked.")).to_be_visible()
    books = duty.page.get_by_role("region", name="Books")
    expect(books.get_by_text("All accounts add up to zero.")).to_be_visible()


def test_the_next_settlement_is_run_from_the_room(come_in: Enter) -> None:
    buyer = come_in()
    buyer.buy("whole-wheat-atta", "₹239")
    buyer.pay()
    buyer.stands("confirmed")
    duty = open_room(come_in)
    duty.page.get_by_role("button", name="Run it now").click()
    expect(duty.page.get_by_text(re.compile(r"^\d+ paid, ₹[\d,.]+ in all"))).to_be_visible()


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("hi", 360)])
def test_the_room_fits_and_can_be_read_by_anybody(come_in: Enter, language: str, width: int) -> None:
    duty = open_room(come_in, language=language, width=width)
    expect(duty.page.locator("tbody tr").first).to_be_visible()
    duty.fits()
    duty.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = duty.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [f"{v['id']}: {v['nodes'][0]['html']}" for v in found["violations"] if v["impact"] in ("serious", "critical")]
    assert bad == []


def park(database: Path, order_id: str, reason: str) -> None:
    """Put an order's event, once it is handled, back among those that a handler gave up on."""
    back = """update inbox set state = 'parked', reason = ? where name = 'orders.sold' and key = ? and state = 'done'"""
    with closing(sqlite3.connect(database, timeout=10, isolation_level=None)) as conn:
        limit = time.monotonic() + 30
        while conn.execute(back, (reason, order_id)).rowcount == 0:
            assert time.monotonic() < limit, "settlement has not handled the sale"
