"""The shop for everybody: by keyboard alone, read aloud, on a slow line, and with others' hostile words on the page."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mela.kernel import i18n
from tests.e2e import slow
from tests.e2e.conftest import Enter
from tests.e2e.pictures import open_page, prepared, settled
from tests.e2e.visitor import AXE, Visitor
from tests.proofs.stage import Actor

HOSTILE = (
    '<img src=x onerror="document.title=1"><script>document.title=2</script>"\'><svg onload=document.title=3>{{7*7}}'
)
PAGES = (
    "home", "shelf", "search", "nothing", "product", "cart", "checkout", "orders", "pending", "confirmed", "cancelled",
    "checkout-card", "checkout-netbanking", "checkout-wallet", "bank", "invoices", "account", "upi", "pin", "sms", "design", "lost",
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared_shop(browser: Browser, shop: Actor) -> tuple[Any, dict[str, str]]:
    return prepared(browser, shop.url)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(
    browser: Browser, shop: Actor, prepared_shop: tuple[Any, dict[str, str]], name: str, theme: str
) -> None:
    memory, paths = prepared_shop
    # The policy lets no script of ours in; only this one browser looks away from it.
    context = browser.new_context(storage_state=memory, viewport={"width": 360, "height": 760}, bypass_csp=True)
    context.add_init_script(f"localStorage.setItem('mela.theme','{theme}');localStorage.setItem('mela.motion','off')")
    page = context.new_page()
    open_page(page, name, shop.url + paths[name])
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    context.close()
    bad = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]
    assert bad == []


def test_a_purchase_needs_no_mouse(come_in: Enter) -> None:
    person = come_in()
    person.go("/")
    page = person.page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=person.say("head.skip"))).to_be_focused()
    tab_to(page, page.get_by_role("combobox"))
    page.keyboard.type("atta")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/p/"))
    expect(page.locator("main h1")).to_be_focused()
    tab_to(page, person.button("goods.add"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("main").get_by_role("link", name=person.say("goods.toCart")))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name=person.say("cart.checkout")))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/checkout"))
    tab_to(page, page.get_by_label(person.say("signin.phone")))
    page.keyboard.type(person.phone)
    page.keyboard.press("Enter")
    expect(page.get_by_label(person.say("signin.code"))).to_be_focused()
    code = person.code()
    tab_to(page, page.get_by_label(person.say("signin.code")))
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.get_by_label(person.say("signin.code"))).to_have_count(0)
    for key, typed in {
        "address.name": "Meena R", "address.line1": "12, North Masi Street", "delivery.pin": "625001", "address.city": "Madurai",
    }.items():  # fmt: skip
        tab_to(page, page.get_by_label(person.say(key)).last)
        page.keyboard.press("Control+A")
        page.keyboard.type(typed)
    tab_to(page, page.get_by_label(person.say("address.state")))
    page.keyboard.type("Tamil")
    tab_to(page, page.get_by_role("button", name=re.compile("by UPI$")))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/orders/ord_"))
    person.stands("awaiting_payment")


def tab_to(page: Page, wanted: Any) -> None:
    """Press Tab until the focus is there. It has to show, and to come within a page's worth of stops."""
    expect(wanted).to_be_visible()
    for _ in range(90):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            ring = wanted.evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).boxShadow")
            assert "solid" in ring or "rgb" in ring, "the focus cannot be seen"
            return
    raise AssertionError(f"Tab never comes to {wanted}")


def test_what_others_write_is_only_ever_text(come_in: Enter) -> None:
    author = come_in()
    author.go("/signin?to=/account")
    author.sign_in()
    author.page.get_by_label(author.say("account.name")).fill(HOSTILE[:80])
    author.press("account.save")
    author.go("/p/cow-ghee")
    author.page.get_by_label("5 ★").check()
    author.page.get_by_label(author.say("review.text")).fill(HOSTILE)
    author.page.get_by_label(author.say("review.name"), exact=True).fill("<b onclick=alert(1)>x</b>")
    author.press("review.send")
    expect(author.page.get_by_text(author.say("review.thanks"))).to_be_visible()
    author.put_in("cow-ghee")
    author.go("/checkout")
    author.fill_address(name=HOSTILE[:60], line1='"><script>document.title=4</script>')
    author.order(author.page.locator(".sums .total").last.inner_text())
    assert author.page.title().endswith("· Mela")

    reader = come_in()
    reader.go("/p/cow-ghee")
    expect(reader.page.get_by_text(HOSTILE)).to_be_visible()
    assert reader.page.title().endswith("· Mela")
    assert reader.page.locator(".review img, .review script, .review svg[onload], .review b").count() == 0


def test_signing_in_leads_to_no_other_site(come_in: Enter) -> None:
    person = come_in()
    person.go("/signin?to=//evil.example/x")
    person.sign_in()
    person.page.wait_for_url(re.compile(re.escape(person.url) + "/$"))


def test_no_request_leaves_the_machine_and_nothing_breaks_the_policy(come_in: Enter, shop: Actor) -> None:
    person = come_in(language="te")
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/c/grocery", "/p/silk-saree", "/design"):
        person.go(path)
    assert [url for url in asked if not url.startswith(shop.url)] == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_first_page_is_light(come_in: Enter, language: str) -> None:
    weights = weigh(come_in(language=language, width=360))
    total = sum(weights.values())
    print(f"first page in {language}: {total:,} bytes in {len(weights)} answers")
    assert total < 200_000, json.dumps(weights, indent=1)
    fonts = {address for address in weights if address.endswith(".woff2")}
    assert len(fonts) == (2 if language == "en" else 4), "one script, and figures, in two weights"


def weigh(person: Visitor) -> dict[str, int]:
    """Bytes on the wire of all that the first page ever fetches, by address, as the browser counts them."""
    session = person.context.new_cdp_session(person.page)
    session.send("Network.enable")
    names: dict[str, str] = {}
    weights: dict[str, int] = {}
    session.on("Network.responseReceived", lambda e: names.update({e["requestId"]: e["response"]["url"]}))
    session.on(
        "Network.loadingFinished",
        lambda e: weights.update({names.get(e["requestId"], "?"): int(e["encodedDataLength"])}),
    )
    person.go("/")
    settled(person.page)
    person.page.get_by_role("contentinfo").scroll_into_view_if_needed()  # what waits to be seen comes, too
    person.page.evaluate("document.fonts.ready")
    person.page.wait_for_load_state("networkidle")
    person.page.evaluate("document.fonts.ready")
    assert person.page.evaluate("[...document.fonts].every(font => font.status !== 'loading')")
    return weights


@pytest.mark.alone
def test_the_first_page_is_usable_soon_on_a_slow_phone(come_in: Enter) -> None:
    """What makes it slow, each by itself: a time alone says more of the machine (`make bench ARGS=pages` measures that)."""
    seen = slow.visit(come_in(language="te", width=360))
    print(seen)
    assert seen.needed < 110_000  # 0.55 s of the line
    assert seen.asked_early  # so that three round trips are enough: page, start, goods
    assert seen.cpu_ms < 2000
