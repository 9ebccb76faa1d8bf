"""The room of the person on duty: figures that move, a crowd, chaos, a parked event that goes again."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

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


def test_a_refused_refund_is_closed_by_keyboard_and_the_second_reaches_the_payer(come_in: Enter) -> None:
    duty = open_room(come_in)
    with duty.page.expect_response(lambda answer: answer.request.method == "PUT" and "chaos" in answer.url):
        duty.page.get_by_label(re.compile("^Refuse")).fill("100")
    buyer = come_in()
    buyer.buy("whole-wheat-atta", "₹239")
    buyer.pay()
    buyer.stands("confirmed")
    buyer.press("cancel.begin")
    buyer.page.get_by_label(buyer.say("cancel.mistake")).check()
    buyer.press("cancel.do")
    buyer.stands("cancelled")
    with duty.page.expect_response(lambda answer: answer.request.method == "DELETE" and "chaos" in answer.url):
        duty.page.get_by_role("button", name="All well again").click()
    cases = duty.page.get_by_role("region", name="Cases for a person")
    expect(cases.get_by_text("The gateway refused a refund")).to_be_visible()
    expect(cases.get_by_text(re.compile("seen to by payments on duty .* no compensation clock runs"))).to_be_visible()
    cases.get_by_role("button", name=re.compile("^Close")).focus()
    duty.page.keyboard.press("Enter")
    dialog = duty.page.get_by_role("dialog", name="Close this case")
    expect(dialog.get_by_label("Try the refund once more")).to_be_checked()
    bad = broken_rules(duty)
    duty.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    duty.page.keyboard.press("Enter")  # the focus is back on the button
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close", exact=True).focus()
    duty.page.keyboard.press("Enter")
    expect(cases.get_by_text("Closed: Try the refund once more.")).to_be_visible()
    expect(cases.get_by_text("No case is open.")).to_be_visible()
    expect(buyer.page.locator("[data-refund=processed]")).to_be_visible(timeout=60_000)
    assert bad == []


def test_a_big_day_is_rehearsed_stopped_and_compared(come_in: Enter) -> None:
    duty: Visitor = come_in()
    page = duty.page
    duty.go("/control/rehearsals")
    expect(page.locator(".day").first).to_be_visible(timeout=90_000)
    page.get_by_role("radio", name=re.compile("^A league match")).check()
    expect(page.get_by_label("Manifests")).to_have_value("example")
    page.get_by_role("button", name="Rehearse").click()
    runs = page.get_by_role("region", name="Rehearsals played here")
    newest = runs.locator("li[data-state]").first
    expect(newest).to_have_attribute("data-state", "broke", timeout=90_000)
    expect(newest.get_by_text("The autoscaler is at its maximum")).to_be_visible()
    expect(newest.get_by_text(re.compile("spec.maxReplicas: 12 becomes"))).to_be_visible()
    with duty.context.expect_page() as opened:
        newest.get_by_role("link", name=re.compile("^Open its page")).click()
    report = opened.value
    expect(report.locator("h1").first).to_have_text(re.compile("^It breaks at"))
    assert report.evaluate("window.origin") == "null"  # a page without an origin reads nothing of ours
    assert report.evaluate("fetch('/api/control/ledger').then(() => 'read', () => 'refused')") == "refused"
    duty.mistakes.clear()  # the browser says aloud that it refused
    report.close()
    page.get_by_label("Times the event's size").fill("0.2")
    page.get_by_role("button", name="Rehearse").click()
    expect(newest).to_have_attribute("data-state", "held", timeout=90_000)
    for box in runs.get_by_label("Compare").all():
        box.check()
    outcome = runs.get_by_role("row", name=re.compile("^Outcome"))
    expect(outcome).to_have_text(re.compile("It holds.*It breaks.*differs|It breaks.*It holds.*differs"))
    page.get_by_label(re.compile("^Quick")).uncheck()
    for _ in range(2):
        page.get_by_role("button", name="Rehearse").click()
        expect(page.get_by_role("button", name="Rehearse")).to_be_enabled()
    expect(newest).to_have_attribute("data-state", "waiting")
    expect(newest.get_by_text("waits, 1 before it")).to_be_visible()
    newest.get_by_role("button", name="Stop").click()
    expect(newest).to_have_attribute("data-state", "stopped")
    runs.get_by_role("button", name="Stop").click()
    expect(runs.get_by_role("button", name="Stop")).to_have_count(0)


def test_what_cannot_be_rehearsed_says_why(come_in: Enter) -> None:
    duty: Visitor = come_in()
    page = duty.page
    page.route("**/rehearsal-choices", without_manifests)
    duty.go("/control/rehearsals")
    expect(page.locator(".day").first).to_be_visible(timeout=90_000)
    page.get_by_role("radio", name=re.compile("^Festival sale, seven")).check()
    expect(page.get_by_text("No manifest here can play this day")).to_be_visible()
    expect(page.get_by_role("button", name="Rehearse")).to_be_disabled()
    page.get_by_role("radio", name=re.compile("^A league match")).check()
    page.get_by_label("As it is written").fill("zone:nowhere@+40m")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Rehearse").click()
    newest = page.get_by_role("region", name="Rehearsals played here").locator("li[data-state]").first
    expect(newest).to_have_attribute("data-state", "not_run", timeout=60_000)
    expect(newest.get_by_text(re.compile("nowhere"))).to_have_count(2)  # the fault, and why it is none


@pytest.mark.parametrize("path", ["/control", "/control/rehearsals"])
@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("hi", 360)])
def test_the_room_fits_and_can_be_read_by_anybody(come_in: Enter, path: str, language: str, width: int) -> None:
    duty: Visitor = come_in(language=language, width=width)
    duty.go(path)
    expect(duty.page.locator("tbody tr, .day").first).to_be_visible(timeout=90_000)
    duty.page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
    duty.fits()
    assert broken_rules(duty) == []


def without_manifests(route: Route) -> None:
    """As where Mela was installed without its clone: only the example can be played."""
    answer = route.fetch(timeout=90_000)
    found = answer.json()
    for event in found["events"]:
        event["fits"] = [name for name in event["fits"] if name == "example"]
    route.fulfill(response=answer, json=found)


def broken_rules(duty: Visitor) -> list[str]:
    """What axe holds for serious or critical."""
    duty.page.evaluate(AXE.read_text(encoding="utf-8"))
    found = duty.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['nodes'][0]['html']}" for v in found["violations"] if v["impact"] in ("serious", "critical")
    ]


def park(database: Path, order_id: str, reason: str) -> None:
    """Put an order's event, once it is handled, back among those that a handler gave up on."""
    back = """update inbox set state = 'parked', reason = ? where name = 'orders.sold' and key = ? and state = 'done'"""
    with closing(sqlite3.connect(database, timeout=10, isolation_level=None)) as conn:
        limit = time.monotonic() + 30
        while conn.execute(back, (reason, order_id)).rowcount == 0:
            assert time.monotonic() < limit, "settlement has not handled the sale"
