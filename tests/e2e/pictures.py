"""Pictures of every page, in each language, light and dark: `make pictures`, then look at each one.

python -m tests.e2e.pictures FOLDER [--wide]
"""

import argparse
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from mela.kernel import i18n
from tests.e2e.visitor import ARGUMENTS, CHROMIUM, Visitor, enter
from tests.proofs.stage import Actor, running

THEMES = ("light", "dark")
FORMS = ("card", "netbanking", "wallet")
PRODUCT = "whole-wheat-atta"


def prepared(browser: Browser, url: str) -> tuple[Any, dict[str, str]]:
    """Somebody with orders in several states: their browser's memory, and the addresses worth looking at."""
    person = enter(browser, url)
    person.buy(PRODUCT, "₹239")
    pending = person.order_id()
    confirmed = _paid(person, "silk-saree", "₹6,999")
    cancelled = _paid(person, "cow-ghee", None)
    person.press("cancel.begin")
    person.page.get_by_label(person.say("cancel.mistake")).check()
    person.press("cancel.do")
    person.stands("cancelled")
    expect(person.page.locator("[data-refund=processed]")).to_be_visible(timeout=60_000)
    bill = _card_page(person)
    person.put_in("gaming-laptop")
    link = person.page.request.get(f"{url}/api/orders/orders/{pending}").json()["intent_url"]
    upi = "/upi/" + link.split("tr=")[1].split("&")[0]
    paths = {
        "home": "/", "shelf": "/c/grocery", "search": "/search?q=chaval", "nothing": "/search?q=zxzxzxzx", "product": f"/p/{PRODUCT}",
        "cart": "/cart", "checkout": "/checkout", **{f"checkout-{method}": "/checkout" for method in FORMS}, "bank": bill, "orders": "/orders", "pending": f"/orders/{pending}",
        "confirmed": f"/orders/{confirmed}", "cancelled": f"/orders/{cancelled}", "invoices": f"/orders/{confirmed}/invoices",
        "account": "/account", "upi": upi, "pin": upi, "sms": f"/sms/{person.phone}",
        "design": "/design", "lost": "/no/such/page",
    }  # fmt: skip
    memory = person.context.storage_state()
    person.context.close()
    return memory, paths


def _card_page(person: Visitor) -> str:
    """The page of a card's bank, for an order that waits."""
    with person.page.expect_response(lambda answer: answer.request.method == "PUT"):
        person.put_in("cricket-tennis-ball")
    person.go("/checkout")
    person.fill_address()
    person.choose("card")
    person.type_card()
    person.order_by("card")
    person.to_page()
    return person.page.url.removeprefix(person.url)


def _paid(person: Visitor, product: str, total: str | None) -> str:
    person.put_in(product)
    person.go("/checkout")
    person.fill_address()
    person.order(total or person.page.locator(".sums .total").last.inner_text())
    person.pay()
    person.stands("confirmed")
    return person.order_id()


def pages(browser: Browser, memory: Any, language: str, theme: str, width: int) -> Iterator[Page]:
    """A browser that remembers: one window in that language and theme."""
    context = browser.new_context(storage_state=memory, viewport={"width": width, "height": 760})
    looks = {"lang": language, "theme": theme, "motion": "off"}
    context.add_init_script(";".join(f"localStorage.setItem('mela.{name}','{value}')" for name, value in looks.items()))
    yield context.new_page()
    context.close()


def take(folder: Path, url: str, *, width: int) -> None:
    """All pictures into a folder, `page-language-theme.png`. Says each page that is wider than its window."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        memory, paths = prepared(browser, url)
        for language, theme in itertools.product(i18n.LANGUAGES, THEMES):
            for page in pages(browser, memory, language, theme, width):
                for name, path in paths.items():
                    _shoot(page, name, url + path, folder / f"{name}-{language}-{theme}.png")
        for page in pages(browser, None, "en", "light", width):
            for name, path in {"empty": "/cart", "signin": "/signin", "stranger": "/orders"}.items():
                _shoot(page, name, url + path, folder / f"{name}-en-light.png")
        browser.close()


def settled(page: Page) -> None:
    """All that was asked for has come. The page of the design shows waiting for ever."""
    if not page.url.endswith("/design"):
        expect(page.locator(".bone, .kolam[role=status]")).to_have_count(0, timeout=20_000)


def open_page(page: Page, name: str, url: str) -> None:
    """The page of that name, with all that it asked for."""
    page.goto(url)
    page.locator("main h1").wait_for()
    settled(page)
    if name == "pin":
        page.locator("button.yes").click()
        page.locator(".pad").wait_for()
    method = name.removeprefix("checkout-")
    if method in FORMS:
        page.locator(f"[name=method][value={method}]").check()
    if method == "card":
        page.locator("[name=cc-number]").fill("4111111111111112")
        page.locator("[name=cc-exp]").fill("1230")


def _shoot(page: Page, name: str, url: str, file: Path) -> None:
    open_page(page, name, url)
    page.evaluate("document.fonts.ready")
    page.evaluate("window.scrollTo(0, 0)")
    page.screenshot(path=file, full_page=True)
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    print(file.name, "" if wide <= window else f"is {wide} px wide in {window}")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--url", help="a platform that runs already; else one is started")
    asked.add_argument("--width", type=int, default=360)
    given = asked.parse_args()
    if given.url:
        take(given.folder, given.url, width=given.width)
    else:
        with tempfile.TemporaryDirectory() as data, running(actor := Actor(Path(data) / "shop")):
            take(given.folder, actor.url, width=given.width)
