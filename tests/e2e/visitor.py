"""Somebody in front of a browser, who reads one language and finds things by what they say."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

WEB = Path(__file__).parents[2] / "web"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
]  # fmt: skip
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
ADDRESS = {
    "name": "Meena R", "line1": "12, North Masi Street", "line2": "Near the temple", "pin": "625001", "city": "Madurai",
}  # fmt: skip
_PHONES = count(9_100_000_000 + time.time_ns() % 800_000_000)
# What a browser writes when an answer is 4xx or the line is dead: the page shows both to the person.
_EXPECTED = re.compile(r"Failed to load resource|net::ERR_")


class Visitor:
    """One person with a window of their own: `url` is the shop, `wide` and `high` the window in CSS pixels."""

    def __init__(self, context: BrowserContext, url: str, language: str) -> None:
        self.context, self.url, self.language = context, url, language
        texts = WEB / "src/i18n/texts"
        self.texts: dict[str, Any] = {}
        for file in (texts / f"{language}.json", texts / "pay" / f"{language}.json"):
            self.texts |= json.loads(file.read_text(encoding="utf-8"))
        self.phone = str(next(_PHONES))
        self.mistakes: list[str] = []
        context.on("page", self._watch)
        context.set_default_timeout(15_000)
        self.page = context.new_page()

    def say(self, key: str, **values: object) -> str:
        """The text of a key in this person's language."""
        text = self.texts[key]
        if isinstance(text, dict):
            text = text["one" if values.get("count") == 1 else "other"]
        return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)

    def go(self, path: str) -> None:
        """Open an address of the shop."""
        self.page.goto(self.url + path)
        expect(self.page.locator("main h1")).to_be_visible()

    def button(self, key: str, page: Page | None = None, **values: object) -> Locator:
        """The button that says so."""
        return (page or self.page).get_by_role("button", name=self.say(key, **values), exact=True)

    def press(self, key: str, page: Page | None = None, **values: object) -> None:
        """Press that button."""
        self.button(key, page, **values).click()

    def sign_in(self) -> None:
        """With one's phone and the code from the SMS, on whatever page asks for it."""
        self.page.get_by_label(self.say("signin.phone")).fill(self.phone)
        self.press("signin.ask")
        self.page.get_by_label(self.say("signin.code")).fill(self.code())
        self.press("signin.enter")

    def code(self) -> str:
        """The newest code in the simulated inbox, read in another window as a person would."""
        with self.context.expect_page() as opened:
            self.page.get_by_role("link", name=self.say("signin.inbox")).click()
        inbox = opened.value
        found = re.search(r"\b\d{6}\b", inbox.locator(".bubble").first.inner_text())
        inbox.close()
        assert found, "no code in the inbox"
        return found[0]

    def put_in(self, product: str) -> None:
        """One piece of a product's first variant into the cart."""
        self.go(f"/p/{product}")
        self.press("goods.add")
        expect(self.page.get_by_text(self.say("goods.inCart", count=1))).to_be_visible()

    def fill_address(self, **other: str) -> None:
        """Type where to, as the fields are named."""
        for name, value in (ADDRESS | other).items():
            self.page.locator(f"[name={name}]").fill(value)
        self.page.get_by_label(self.say("address.state")).select_option("33")

    def order(self, total: str) -> None:
        """Press what orders and pays by UPI; returns on the order's page."""
        self.press("checkout.upi", amount=total)
        self.page.wait_for_url(re.compile(r"/orders/ord_"))
        expect(self.page.locator("[data-line=live]")).to_be_visible()

    def buy(self, product: str, total: str) -> None:
        """Everything up to the order that waits for its payment."""
        self.put_in(product)
        self.go("/checkout")
        self.sign_in()
        self.fill_address()
        self.order(total)
        self.stands("awaiting_payment")

    @contextmanager
    def upi_app(self) -> Iterator[Page]:
        """The simulated UPI app with this order's payment, in a window of its own."""
        with self.context.expect_page() as opened:
            self.page.get_by_role("link", name=self.say("pay.open")).click()
        yield opened.value
        opened.value.close()

    def pay(self) -> None:
        """Approve the payment in the app."""
        with self.upi_app() as app:
            self.press("upi.approve", app)
            self.enter_pin(app, "1234")
            expect(app.locator("[data-bill=captured]")).to_be_visible()

    def choose(self, method: str) -> None:
        """How to pay, at checkout."""
        self.page.get_by_role("radio", name=re.compile("^" + self.say(f"pay.{method}"))).check()

    def type_card(self, number: str = "4111 1111 1111 1111", expiry: str = "1230", cvv: str = "123") -> None:
        """Into the networks' fields, digit after digit."""
        for name, typed in {"card.number": number, "card.expiry": expiry, "card.cvv": cvv}.items():
            field = self.page.get_by_label(self.say(name), exact=True)
            field.fill("")
            field.press_sequentially(typed)

    def order_by(self, method: str, total: str = "") -> None:
        """Order what is to be paid on a page; returns on the order's page."""
        self.press(f"checkout.{method}", amount=total or self.page.locator(".sums .total").last.inner_text())
        self.page.wait_for_url(re.compile(r"/orders/ord_"))
        self.stands("awaiting_payment")

    def to_page(self, key: str = "pay.page") -> None:
        """On to the page of the bank or wallet, in this window."""
        self.page.get_by_role("link", name=self.say(key)).click()
        self.page.wait_for_url(re.compile("/bank/"))

    def agree(self, amount: str, otp: str = "") -> None:
        """On that page; with the code that a card's bank wants."""
        if otp:
            self.page.get_by_label(self.say("page.otp")).fill(otp)
        self.press("page.agree", amount=amount)

    def back(self) -> None:
        """From there to the order."""
        self.page.get_by_role("link", name=self.say("page.back")).click()
        self.page.wait_for_url(re.compile(r"/orders/ord_"))

    def enter_pin(self, app: Page, pin: str) -> None:
        """By the pad, digit after digit, then what pays."""
        for digit in pin:
            app.get_by_role("button", name=digit, exact=True).click()
        app.get_by_role("button", name=re.compile("₹")).click()

    def stands(self, state: str, within_s: int = 30) -> None:
        """The page shows the order in this state, sooner or later, without being loaded again."""
        expect(self.page.locator("[data-state]")).to_have_attribute("data-state", state, timeout=within_s * 1000)

    def order_id(self) -> str:
        """Of the page that is open."""
        found = re.search(r"ord_[0-9A-Z]{26}", self.page.url)
        assert found, self.page.url
        return found[0]

    def fits(self) -> None:
        """Nothing sticks out to the right."""
        width, window = self.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width <= window, f"{self.page.url} is {width} px wide in {window} px"

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.mistakes.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._hear(page, said.type, said.text))

    def _hear(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not _EXPECTED.search(text):
            self.mistakes.append(f"{page.url}: {text}")


def enter(browser: Browser, url: str, *, language: str = "en", width: int = 1200, **looks: Any) -> Visitor:
    """Somebody new comes in; their browser asks for `language`."""
    context = browser.new_context(locale=f"{language}-IN", viewport={"width": width, "height": 760}, **looks)
    return Visitor(context, url, language)


def operator(folder: Path, url: str) -> httpx2.Client:
    """The person on duty, who speaks to the API."""
    token = json.loads((folder / "secrets.json").read_text())["operator_token"]
    return httpx2.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=30)
