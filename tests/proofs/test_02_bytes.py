"""Bytes from outside meet payments over HTTP: nobody's word but a provider's moves anything, and nothing breaks it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mela.kernel import ids
from mela.services.payments.app import DATA
from tests import hostile
from tests.proofs import audit
from tests.proofs.payers import TOKEN
from tests.proofs.paying import HOOK, KEY, PROVIDERS, database, payments_of, providers
from tests.proofs.stage import Actor, running
from tests.proofs.voices import VOICES, Secrets, Voice, cashfree_sign, payu_form

SECRETS = Secrets(KEY, HOOK)
EXAMPLES = [pytest.param(25, id="25_times"), pytest.param(1_000, id="1000_times", marks=pytest.mark.long)]
REFUSALS = {400, 401, 404, 413, 422, 431}
HEADERS = ("authorization", "content-type", "x-gateway-event-id", "x-gateway-signature", "x-razorpay-event-id", "x-razorpay-signature",
           "x-webhook-timestamp", "x-webhook-signature", "x-idempotency-key")  # fmt: skip
TABLES = {
    "payments": "select id, state, captured, refunded, rrn, provider, amount from payments",
    "refunds": "select id, state from refunds",
    "disputes": "select id, payment_id, amount, state from disputes",
    "transfers": "select id, amount, payment_id from transfers",
}
AMOUNT = 12_950

Rows = dict[str, dict[str, dict[str, Any]]]


def often(times: int) -> settings:
    """So many examples, as slow as they like."""
    return settings(max_examples=times, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass
class Shop:
    """Payments and its providers as processes; open payments by the provider that has them."""

    url: str
    outside: str
    query: audit.Query
    http: httpx2.Client
    open: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    keys: int = 0

    def ask(self, call: str, /, **arguments: Any) -> Any:
        """A call as orders makes it."""
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = self.http.post(f"{self.url}/rpc/payments/{call}", json=arguments, headers=headers)
        return answer.raise_for_status().json()["result"]

    def begin(self, provider: str) -> str:
        """An open payment that this provider has. Which one it is decides chance, so others are kept for later."""
        while not self.open[provider]:
            self.keys += 1
            begun = self.ask("start", key=f"bytes-{self.keys}", order_id=f"order-{self.keys}", amount=AMOUNT, method="upi",
                             description="Order", seconds=3_000)  # fmt: skip
            found = self.query("payments", f"select provider from payments where id = '{begun['id']}'")  # noqa: S608
            self.open[found[0]["provider"]].append(begun["id"])
        return self.open[provider].pop()

    def paid(self, provider: str) -> str:
        """A payment that this provider has captured, of its own word."""
        payment_id = self.begin(provider)
        self.approve(provider, payment_id)
        self.wait(f"select id from payments where id = '{payment_id}' and state = 'captured'")  # noqa: S608
        return payment_id

    def approve(self, provider: str, payment_id: str) -> None:
        """The payer pays."""
        link = httpx2.URL(self.ask("get", payment_id=payment_id)["intent_url"])
        self.http.post(f"{self.outside}/sim/{provider}/upi/{link.params['tr']}/approve", json={}).raise_for_status()

    def wait(self, sql: str) -> list[dict[str, Any]]:
        """Until a query finds something."""
        return asyncio.run(_soon(lambda: self.query("payments", sql)))

    def rows(self) -> Rows:
        """What callbacks could have changed."""
        return {
            table: {str(row["id"]): dict(row) for row in self.query("payments", sql)} for table, sql in TABLES.items()
        }

    def tell(self, provider: str, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        """Bring a callback."""
        content_type = {"content-type": "application/json"}
        return self.http.post(
            f"{self.url}/api/payments/callbacks/{provider}", content=body, headers=content_type | headers
        )


async def _soon(look: Any) -> Any:
    async with asyncio.timeout(20):
        while not (found := look()):
            await asyncio.sleep(0.05)
        return found


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(engine, marks=pytest.mark.xdist_group(f"bytes-{engine}")) for engine in ("sqlite", "postgresql")
    ],
)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp(request.param)
    chance = folder / "routing.yaml"
    chance.write_text((DATA / "routing.yaml").read_text(encoding="utf-8").replace("explore: 0.01", "explore: 0.8"))
    outside = providers(folder / "outside")
    with database(request.param) as url:
        inside = Actor(folder / "inside", "payments", **payments_of(outside, url, door=9), MELA_WEB_RATE="off",
                       MELA_PAYMENTS_ROUTING_RULES=str(chance))  # fmt: skip
        for name in PROVIDERS:
            outside.environ[f"MELA_{name.upper()}_CALLBACK_URL"] = f"{inside.url}/api/payments/callbacks/{name}"
        query = (
            audit.sqlite_files(inside.folder, outside.folder)
            if url == "sqlite"
            else audit.postgres_server(url, outside.folder)
        )
        with running(outside, inside), httpx2.Client(timeout=20) as http:
            yield Shop(inside.url, outside.url, query, http)


def changes(before: Rows, after: Rows) -> dict[str, set[str]]:
    """Ids of rows that are new or others, by table."""
    found = {
        table: {key for key, row in rows.items() if before[table].get(key) != row} for table, rows in after.items()
    }
    return {table: keys for table, keys in found.items() if keys}


@pytest.mark.parametrize("times", EXAMPLES)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_whatever_nobody_signed_is_refused_and_changes_nothing(shop: Shop, provider: str, times: int) -> None:
    payment_id = shop.begin(provider)
    header = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80).map(str.strip)
    genuine = hostile.spoiled(VOICES[provider].payment(payment_id, AMOUNT), also=[payment_id])
    before = shop.rows()

    @often(times)
    @given(st.one_of(st.binary(max_size=400), genuine), st.dictionaries(st.sampled_from(HEADERS), header, max_size=5))
    def bring(body: bytes, headers: dict[str, str]) -> None:
        answer = shop.tell(provider, body, headers)
        hint = provider == "payu" and answer.status_code == 200 and answer.json()["outcome"] in ("nothing", "looked")
        assert answer.status_code in REFUSALS or hint, answer.text

    bring()
    assert changes(before, shop.rows()) == {}
    shop.open[provider].append(payment_id)


@pytest.mark.parametrize("times", EXAMPLES)
@pytest.mark.parametrize("provider", ["gateway", "razorpay", "cashfree", "phonepe"])
def test_signed_but_spoiled_moves_no_more_than_it_says(shop: Shop, provider: str, times: int) -> None:
    voice = VOICES[provider]
    paid = shop.paid(provider)
    victims = {"payment": shop.begin(provider), "refund": _refund(shop, paid), "refunded": paid}
    others = [shop.begin(name) for name in PROVIDERS if name != provider]
    also = [*others, paid, "pay_nobodyknows", "USD"]

    @often(times)
    @given(st.data())
    def bring(data: st.DataObject) -> None:
        genuine = {
            "payment": voice.payment(victims["payment"], AMOUNT),
            "refund": voice.refund(victims["refund"], victims["refunded"], 100) if voice.refund else None,
            "dispute": voice.dispute(paid, 100) if voice.dispute else None,
        }
        kind = data.draw(st.sampled_from([kind for kind, tree in genuine.items() if tree is not None]))
        body = data.draw(hostile.spoiled(genuine[kind], also))
        before = shop.rows()
        answer = shop.tell(provider, body, voice.sign(SECRETS, body, ids.new_id("evt")))
        assert answer.status_code in {200, 202, *REFUSALS}, answer.text
        _nothing_unsaid(voice, body, before, shop.rows())
        if kind == "payment" and answer.json().get("outcome") not in (None, "nothing", "parked"):
            victims["payment"] = shop.begin(provider)
        if kind == "refund" and answer.json().get("outcome") == "moved":
            victims["refunded"] = shop.paid(provider)  # another: the first has not money for all of them
            victims["refund"] = _refund(shop, victims["refunded"])

    bring()
    for other in others:
        assert shop.ask("get", payment_id=other)["state"] in ("created", "pending")


@pytest.mark.parametrize("times", EXAMPLES)
def test_a_signed_but_spoiled_form_moves_no_more_than_it_says(shop: Shop, times: int) -> None:
    victim = [shop.begin("payu")]
    others = [shop.begin(name) for name in PROVIDERS if name != "payu"]

    @often(times)
    @given(st.data())
    def bring(data: st.DataObject) -> None:
        genuine = VOICES["payu"].payment(victim[0], AMOUNT)
        fields = data.draw(
            hostile.spoiled_form(genuine, [*others, "success", "failure", "129.50|x", "pay_nobodyknows"])
        )
        before = shop.rows()
        answer = shop.tell("payu", payu_form(SECRETS, fields), {"content-type": "application/x-www-form-urlencoded"})
        assert answer.status_code in {200, 202, *REFUSALS}, answer.text
        changed = changes(before, shop.rows())
        assert changed in ({}, {"payments": {victim[0]}})
        if changed:
            assert (fields["txnid"], fields["status"] == "success") == (victim[0], False)
            assert shop.ask("get", payment_id=victim[0])["state"] == "failed"
            victim[0] = shop.begin("payu")

    bring()


@pytest.mark.parametrize("provider", ["gateway", "razorpay", "cashfree"])
def test_a_genuine_callback_counts_once_under_its_name_and_under_any_other(shop: Shop, provider: str) -> None:
    payment_id, voice = shop.begin(provider), VOICES[provider]
    body, name = hostile.as_json(voice.payment(payment_id, AMOUNT)), ids.new_id("evt")
    assert shop.tell(provider, body, voice.sign(SECRETS, body, name)).json() == {"outcome": "moved"}
    before = shop.rows()
    assert before["payments"][payment_id]["state"] == "captured"
    for again, outcome in ((name, "repeated"), (name, "repeated"), (ids.new_id("evt"), "nothing")):
        answer = shop.tell(provider, body, voice.sign(SECRETS, body, again))
        assert (answer.status_code, answer.json()) == (200, {"outcome": outcome})
    assert changes(before, shop.rows()) == {}


@pytest.mark.parametrize("age_s", [2 * 86_400.0, 3_700.0, -400.0])
def test_a_callback_that_was_signed_long_ago_or_is_yet_to_be_is_refused(shop: Shop, age_s: float) -> None:
    payment_id = shop.begin("cashfree")
    body = hostile.as_json(VOICES["cashfree"].payment(payment_id, AMOUNT))
    before = shop.rows()
    answer = shop.tell("cashfree", body, cashfree_sign(SECRETS, body, ids.new_id("evt"), age_s))
    assert (answer.status_code, answer.json()["code"]) == (401, "payments.bad_signature")
    assert changes(before, shop.rows()) == {}
    late = cashfree_sign(SECRETS, body, ids.new_id("evt"), age_s=45 * 60)
    assert shop.tell("cashfree", body, late).json() == {"outcome": "moved"}, "its last try comes after 42 minutes"


def _refund(shop: Shop, payment_id: str) -> str:
    """A refund of one rupee that its provider takes an hour for."""
    provider = shop.query("payments", f"select provider from payments where id = '{payment_id}'")[0]["provider"]  # noqa: S608
    slow = {"refund_pending": 1.0, "refund_pending_ms": 3_600_000}
    shop.http.post(f"{shop.outside}/sim/{provider}/plan", json=slow, auth=("mela", KEY)).raise_for_status()
    shop.keys += 1
    asked = shop.ask("refund", key=f"back-{shop.keys}", payment_id=payment_id, amount=100, reason="returned")
    assert asked["state"] == "pending"
    return str(asked["id"])


def _nothing_unsaid(voice: Voice, body: bytes, before: Rows, after: Rows) -> None:
    """What changed is what the body names, by as much as it says, and in rupees."""
    changed, said = changes(before, after), voice.read(body)
    for payment_id in changed.get("payments", ()):
        was, row = before["payments"][payment_id], after["payments"][payment_id]
        assert said is not None
        assert (said.kind, said.reference, row["provider"]) == ("payment", payment_id, voice.name)
        if row["captured"] != was["captured"]:
            assert (said.done, said.amount, said.currency) == (True, row["amount"], "INR")
            assert type(said.amount) is not bool
    for refund_id in changed.get("refunds", ()):
        assert said is not None
        assert (said.kind, said.reference, said.done, said.amount, said.currency) == (
            "refund",
            refund_id,
            True,
            100,
            "INR",
        )
    for dispute_id in changed.get("disputes", ()):
        assert said is not None
        row = after["disputes"][dispute_id]
        assert (said.kind, said.reference, said.amount, said.currency) == (
            "dispute",
            row["payment_id"],
            row["amount"],
            "INR",
        )
    moved = sum(after["transfers"][key]["amount"] for key in changed.get("transfers", ()))
    assert moved == 0 or (said is not None and said.amount == moved)
