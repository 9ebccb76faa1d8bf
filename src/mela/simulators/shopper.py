"""A person with a phone: signs in, finds a product, buys it, pays by any method. Speaks HTTP like any client.

Used by `mela buy`, by the proofs and by the benchmarks, so that all of them buy in the same way.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import httpx2

from mela.kernel import ids

_POLL_S = 0.02
ADDRESS = {
    "name": "Meena R", "phone": "+919876543210", "line1": "12, North Masi Street", "line2": "", "city": "Madurai",
    "state_code": "33", "pin": "625001",
}  # fmt: skip
CARD, BANK, WALLET = "4111111111111111", "HDFC", "paytm"
"""What is paid with where nobody says: a number that networks keep for tests, a bank, a wallet."""
_CARD_ENDS, _CVV = "1230", "123"


class NotThere(Exception):
    """What was looked for does not exist; the text says so to a person."""


class Refused(Exception):
    """The platform answered with a problem. `code` is its code, `body` all of it."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status, self.body = status, body
        self.code: str = body.get("code", str(status))
        super().__init__(f"{status} {self.code}: {body.get('title', '')} {body.get('detail', '')}".strip())


@dataclass
class Shopper:
    """One customer at one platform.

    `url` is the platform, `urls` where single services are elsewhere; `gateway` the UPI side, `sms` the phone's inbox.
    """

    http: httpx2.AsyncClient
    url: str
    phone: str
    language: str = "en"
    gateway: str = ""
    sms: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.gateway = self.gateway or f"{self.url}/sim/gateway"
        self.sms = self.sms or f"{self.url}/sim/sms"

    @classmethod
    def at(cls, http: httpx2.AsyncClient, places: Mapping[str, str], phone: str, language: str = "en") -> Self:
        """At services in several places: `places` by service, under the empty name those not named."""
        base = places[""]
        return cls(http, base, phone, language, gateway=f"{places.get('gateway', base)}/sim/gateway",
                   sms=f"{places.get('sms', base)}/sim/sms", urls=places)  # fmt: skip

    async def sign_in(self) -> None:
        """Ask for a code, read it in the SMS inbox, show it."""
        await self.call("POST", "/api/accounts/codes", {"phone": self.phone})
        code = await self._code()
        session = await self.call("POST", "/api/accounts/sessions", {"phone": self.phone, "code": code})
        self.token = session["token"]

    async def find(self, words: str) -> dict[str, Any]:
        """The first product that the search finds."""
        found = await self.call("GET", "/api/catalog/products", params={"q": words, "limit": 1})
        if not found["items"]:
            raise NotThere(f"Nothing is sold here for {words!r}: try atta, saree or 'cricket bat'.")
        return await self.call("GET", f"/api/catalog/products/{found['items'][0]['id']}")

    async def put_in_cart(self, sku: str, quantity: int = 1) -> dict[str, Any]:
        """Have so many pieces in the cart."""
        return await self.call("PUT", f"/api/orders/cart/items/{sku}", {"quantity": quantity})

    async def means(self, method: str, given: str = "") -> dict[str, str]:
        """What checking out wants to hear beside the method: a bank, a wallet, or the token of a card.

        A card's number is left with its network and goes nowhere else.
        """
        if method == "card":
            card = {"number": given or CARD, "expiry": _CARD_ENDS, "cvv": _CVV}
            return {"card_token": (await self.call("POST", f"{self.gateway}/cards/tokens", card))["id"]}
        known = {"netbanking": {"bank": given or BANK}, "wallet": {"wallet": given or WALLET}}
        return known.get(method, {})

    async def check_out(
        self, method: str = "upi", key: str = "", means: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Buy the cart; a lost answer is asked for again with the same key and means."""
        body = {"address": ADDRESS, "method": method, **(await self.means(method) if means is None else means)}
        return await self.call("POST", "/api/orders/orders", body, key=key or ids.new_id("buy"))

    async def approve(self, order: dict[str, Any]) -> dict[str, Any]:
        """Enter the PIN in the UPI app, or agree on the page of the bank or wallet."""
        return await self.call("POST", f"{self._bill(order)}/approve", {})

    async def decline(self, order: dict[str, Any]) -> dict[str, Any]:
        """Say no there."""
        return await self.call("POST", f"{self._bill(order)}/decline", {})

    async def cancel(self, order_id: str) -> dict[str, Any]:
        """Change one's mind."""
        return await self.call("POST", f"/api/orders/orders/{order_id}/cancel", {"reason": "changed my mind"})

    async def order(self, order_id: str) -> dict[str, Any]:
        """The order as it is now."""
        return await self.call("GET", f"/api/orders/orders/{order_id}")

    async def wait(self, order_id: str, *states: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """The order once it is in one of the states. Raises: TimeoutError."""
        async with asyncio.timeout(timeout_s):
            found = await self.order(order_id)
            while found["state"] not in states:
                following = {"seen": found["state"], "wait_s": 10}
                found = await self.call("GET", f"/api/orders/orders/{order_id}", params=following)
            return found

    async def invoices(self, order_id: str) -> list[dict[str, Any]]:
        """The order's GST invoices."""
        found = await self.call("GET", f"/api/orders/orders/{order_id}/invoices")
        return list(found["items"])

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str = "", params: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """One request. Raises: Refused, httpx2.HTTPError."""
        headers = {"accept-language": self.language}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if key:
            headers["idempotency-key"] = key
        url = path if path.startswith("http") else self.urls.get(path.split("/")[2], self.url) + path
        answer = await self.http.request(method, url, json=body, headers=headers, params=params)
        found: dict[str, Any] = answer.json() if answer.content else {}
        if answer.status_code >= 400:
            raise Refused(answer.status_code, found)
        return found

    def _bill(self, order: dict[str, Any]) -> str:
        """Where the payer's bank has what there is to pay."""
        reference = payment_of(order)
        provider = _provider(httpx2.URL(order["intent_url"]))
        return f"{self.gateway.removesuffix('gateway')}{provider}/upi/{reference}"

    async def _code(self) -> str:
        """The newest code that this phone got."""
        async with asyncio.timeout(10):
            while True:
                inbox = await self.call("GET", f"{self.sms}/messages", params={"to": self.phone, "limit": 1})
                for message in inbox["items"]:
                    digits = [word.strip(".,:") for word in message["text"].split()]
                    for word in digits:
                        if word.isdecimal() and len(word) == 6:
                            return str(word)
                await asyncio.sleep(_POLL_S)


@dataclass(frozen=True)
class Told:
    """One step of a purchase, as `mela buy` tells it."""

    step: str
    text: str
    data: dict[str, Any]


async def purchase(shopper: Shopper, *, words: str, quantity: int, method: str, given: str = "") -> AsyncIterator[Told]:
    """A whole purchase, step by step; `given` is the card, bank or wallet. Raises: Refused, NotThere, TimeoutError."""
    await shopper.sign_in()
    yield Told("sign in", f"{shopper.phone[:3]}••••••{shopper.phone[-4:]} signed in with a code from the SMS inbox", {})
    product = await shopper.find(words)
    variant = next((v for v in product["variants"] if v["stock"]["state"] != "out_of_stock"), product["variants"][0])
    yield Told("find", f"“{words}” → {product['name']}", {"product": product["id"], "sku": variant["sku"]})
    cart = await shopper.put_in_cart(variant["sku"], quantity)
    yield Told("cart", f"{quantity} × {variant['sku']}", {"total_paise": cart["total_paise"]})
    means = await shopper.means(method, given)
    if method == "card":
        yield Told("card", f"•••• {(given or CARD)[-4:]} left with its network, for a token", means)
    order = await shopper.check_out(method, means=means)
    yield Told(
        "order", f"{order['id']} is {order['state']}", {"order_id": order["id"], "intent_url": order["intent_url"]}
    )
    if method != "cod":
        paid = await shopper.approve(order)
        where = "approved in the UPI app" if method == "upi" else f"agreed on the page of {paid['paid_with']}"
        yield Told("pay", f"{where}, RRN {paid.get('rrn')}", {"rrn": paid.get("rrn")})
    order = await shopper.wait(order["id"], "confirmed", "cancelled")
    yield Told("confirmed", f"{order['id']} is {order['state']}", {"order_id": order["id"], "state": order["state"]})
    for invoice in await shopper.invoices(order["id"]):
        yield Told("invoice", invoice["number"], invoice)


def payment_of(order: dict[str, Any]) -> str:
    """The gateway's id of a payment: `tr` of a UPI link, the end of a page's address."""
    if not order["intent_url"]:
        raise NotThere(
            f"{order['id']} has no link to pay by yet: it is {order['state']}. Where fraud rules hold its payment back, "
            "a person lets it go: mela payments reviews"
        )
    link = httpx2.URL(order["intent_url"])
    return str(link.params["tr"] if link.scheme == "upi" else link.path.rpartition("/")[2])


def _provider(link: httpx2.URL) -> str:
    """Whose a link is: the handle of the payee's address says so, or the address of the page (`…/bank/<provider>/<id>`)."""
    if link.scheme != "upi":
        *_, place, name, _ = ("", *link.path.split("/"))
        return name if place == "bank" else "gateway"
    handle: str = link.params["pa"].rpartition("@")[2]
    return "gateway" if handle == "simbank" else handle.removeprefix("sim")
