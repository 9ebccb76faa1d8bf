"""The merchant API: one key, one answer; each sees the own; test mode moves nothing and says so."""

import asyncio
from typing import Any

import httpx2
import pytest
import yaml

from mela.contracts.payments import MerchantPaymentMoved, PaymentCaptured
from mela.kernel import messages
from mela.kernel.auth import Principal
from mela.services.payments.app import DATA
from tests.service.payments.world import World

API = "/api/payments/v1"
SCOPES = ("payments:read", "payments:write", "refunds:write")
ASKED = {"amount_paise": 50_000, "method": "upi", "reference": "order-1042", "vpa": "success@mela"}


def key_of(
    shop: World, name: str = "kaveri", *, mode: Any = "test", scopes: tuple[str, ...] = SCOPES, networks: tuple[str, ...] = ()
) -> dict[str, str]:  # fmt: skip
    """Headers of a merchant's API key."""
    headers = shop.payments.tokens.give("merchant", f"{name}.{mode}", *scopes)
    token = headers["authorization"].split()[1]
    shop.payments.tokens._known[token] = Principal("merchant", name, frozenset(scopes), mode, networks)
    return headers


async def call(
    shop: World, method: str, path: str, headers: dict[str, str], body: Any = None, *, key: str | None = None
) -> httpx2.Response:
    shop.keys += 1
    named = {"idempotency-key": key or f"request-{shop.keys:04}"} if method == "POST" else {}
    return await shop.payments.client.request(method, API + path, headers=headers | named, json=body)


async def begin(shop: World, headers: dict[str, str], **changes: Any) -> Any:
    answer = await call(shop, "POST", "/payments", headers, ASKED | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def after(shop: World, seconds: float, headers: dict[str, str], payment: Any) -> Any:
    """A payment when some time has passed and all timers have run."""
    shop.clock.advance(seconds)
    for job in ("ring_test_bank", "ask_gateway", "push_captures", "push_refunds"):
        await shop.payments.run_job(job)
    return (await call(shop, "GET", f"/payments/{payment['id']}", headers)).json()


# One key, one answer.


@pytest.fixture
async def writes(shop: World) -> dict[str, tuple[str, Any]]:
    """Every write of the API: its path and body."""
    headers = key_of(shop)
    paid, held = (
        await begin(shop, headers),
        await begin(shop, headers, method="card", vpa=None, card="tok_success", capture=False),
    )
    opened = await begin(shop, headers, vpa="pending@mela")
    declined = await begin(shop, headers, vpa="declined@mela")
    for payment in (paid, held, declined):
        await after(shop, 2, headers, payment)
    return {
        "begin": ("/payments", ASKED),
        "capture": (f"/payments/{held['id']}/capture", {"amount_paise": 20_000}),
        "capture all": (f"/payments/{held['id']}/capture", {}),
        "cancel": (f"/payments/{opened['id']}/cancel", None),
        "refund": (f"/payments/{paid['id']}/refunds", {"amount_paise": 700, "reason": "returned"}),
        "refund all": (f"/payments/{paid['id']}/refunds", {"reason": "returned"}),
        "refused": (f"/payments/{declined['id']}/refunds", {"amount_paise": 700, "reason": "returned"}),
    }  # fmt: skip


WRITES = ["begin", "capture", "capture all", "cancel", "refund", "refund all", "refused"]


@pytest.mark.parametrize("write", WRITES)
async def test_the_same_key_and_body_get_the_same_answer_byte_for_byte(shop: World, writes: Any, write: str) -> None:
    path, body = writes[write]
    headers = key_of(shop)
    first = await call(shop, "POST", path, headers, body, key="the-same-key")
    assert first.status_code == {"refused": 409, "cancel": 200}.get(write, 201), first.text
    shop.clock.advance(3600)
    for job in ("ring_test_bank", "ask_gateway"):
        await shop.payments.run_job(job)
    again = await call(shop, "POST", path, headers | {"accept-language": "ta"}, body, key="the-same-key")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")


@pytest.mark.parametrize("write", WRITES)
async def test_the_same_key_for_another_request_is_refused(shop: World, writes: Any, write: str) -> None:
    path, body = writes[write]
    headers = key_of(shop)
    await call(shop, "POST", path, headers, body, key="the-same-key")
    other = await call(shop, "POST", "/payments", headers, ASKED | {"amount_paise": 777}, key="the-same-key")
    assert (other.status_code, other.json()["code"]) == (409, "kernel.idempotency_key_reused")


@pytest.mark.parametrize("write", WRITES)
async def test_sixteen_twins_at_once_have_one_effect_and_one_answer(shop: World, writes: Any, write: str) -> None:
    path, body = writes[write]
    headers = key_of(shop)
    answers = await asyncio.gather(*(call(shop, "POST", path, headers, body, key="twins-key") for _ in range(16)))
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    payments = (await call(shop, "GET", "/payments?limit=100", headers)).json()["items"]
    assert len(payments) == 4 + (write == "begin")
    refunds = (await call(shop, "GET", "/refunds", headers)).json()["items"]
    assert len(refunds) == write.startswith("refund ") + (write == "refund")


async def test_a_refusal_that_says_not_yet_is_not_kept(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers)
    refund = (shop, "POST", f"/payments/{payment['id']}/refunds", headers, {"amount_paise": 700, "reason": "returned"})
    early = await call(*refund, key="the-same-key")
    assert (early.status_code, early.json()["code"], early.json()["params"]) == (
        409, "payments.not_captured", {"state": "pending"},
    )  # fmt: skip
    await after(shop, 2, headers, payment)
    done, again = [await call(*refund, key="the-same-key") for _ in range(2)]
    assert (done.status_code, again.content) == (201, done.content)
    other = await call(*refund[:4], {"amount_paise": 701, "reason": "returned"}, key="the-same-key")
    assert (other.status_code, other.json()["code"]) == (409, "kernel.idempotency_key_reused")


async def test_twins_that_come_too_early_and_again_in_time_have_one_effect(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers)
    refund = (shop, "POST", f"/payments/{payment['id']}/refunds", headers, {"reason": "returned"})
    early = await asyncio.gather(*(call(*refund, key="twins-key") for _ in range(8)))
    assert {answer.status_code for answer in early} == {409}
    await after(shop, 2, headers, payment)
    in_time = await asyncio.gather(*(call(*refund, key="twins-key") for _ in range(8)))
    assert len({(answer.status_code, answer.content) for answer in in_time}) == 1
    assert len((await call(shop, "GET", "/refunds", headers)).json()["items"]) == 1


@pytest.mark.parametrize("write", WRITES)
async def test_without_a_key_nothing_is_written(shop: World, writes: Any, write: str) -> None:
    path, body = writes[write]
    answer = await shop.payments.client.post(API + path, headers=key_of(shop), json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.idempotency_key_missing")


@pytest.mark.parametrize("write", WRITES)
async def test_a_key_that_is_a_cards_number_is_refused(shop: World, writes: Any, write: str) -> None:
    path, body = writes[write]
    answer = await call(shop, "POST", path, key_of(shop), body, key="4111111111111111")
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.card_number")


@pytest.mark.parametrize("write", ["begin", "capture all", "refund all", "refund"])
async def test_a_crash_before_the_answer_was_kept_leaves_one_effect(
    shop: World, writes: Any, write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mela.kernel import idempotency

    async def die(*_args: Any, **_kwargs: Any) -> Any:
        raise asyncio.CancelledError

    path, body = writes[write]
    headers, run = key_of(shop), shop.payments.db.run

    async def dying(unit: Any, *args: Any, **kwargs: Any) -> Any:
        return await (die() if unit is idempotency.keep_answer else run(unit, *args, **kwargs))

    monkeypatch.setattr(shop.payments.db, "run", dying)
    with pytest.raises(BaseException):  # noqa: B017 - however the server ends
        await asyncio.wait_for(call(shop, "POST", path, headers, body, key="the-same-key"), 5)
    monkeypatch.undo()
    first = await call(shop, "POST", path, headers, body, key="the-same-key")
    again = await call(shop, "POST", path, headers, body, key="the-same-key")
    assert (first.status_code, first.content) == (201, again.content)
    assert len((await call(shop, "GET", "/payments?limit=100", headers)).json()["items"]) == 4 + (write == "begin")
    assert len((await call(shop, "GET", "/refunds", headers)).json()["items"]) == write.startswith("refund")


async def test_keys_of_two_merchants_and_two_modes_are_not_the_same_key(shop: World) -> None:
    made = [
        (await call(shop, "POST", "/payments", headers, ASKED | {"vpa": vpa}, key="the-same-key")).json()["id"]
        for headers, vpa in (
            (key_of(shop), "success@mela"), (key_of(shop, "malwa"), "success@mela"), (key_of(shop, mode="live"), None),
        )
    ]  # fmt: skip
    assert len(set(made)) == 3


# Each sees the own.


async def test_what_is_anothers_or_of_the_other_mode_is_not_there(shop: World) -> None:
    payment = await begin(shop, key_of(shop))
    await after(shop, 2, key_of(shop), payment)
    made = (await call(shop, "POST", f"/payments/{payment['id']}/refunds", key_of(shop), {"reason": "returned"})).json()
    for headers in (key_of(shop, "malwa"), key_of(shop, mode="live")):
        assert (await call(shop, "GET", "/payments", headers)).json()["items"] == []
        assert (await call(shop, "GET", "/refunds", headers)).json()["items"] == []
        for method, path, body in (
            ("GET", f"/payments/{payment['id']}", None), ("POST", f"/payments/{payment['id']}/cancel", None),
            ("POST", f"/payments/{payment['id']}/capture", {}), ("GET", f"/refunds/{made['id']}", None),
            ("POST", f"/payments/{payment['id']}/refunds", {"reason": "returned"}),
        ):  # fmt: skip
            answer = await call(shop, method, path, headers, body)
            assert answer.status_code == 404, (method, path)


async def test_an_order_of_the_shop_is_nobodys_payment_here(shop: World) -> None:
    payment = await shop.start()
    assert (await call(shop, "GET", f"/payments/{payment.id}", key_of(shop, mode="live"))).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/payments", "payments:write"), ("GET", "/payments", "payments:read"), ("GET", "/refunds", "payments:read"),
        ("POST", "/payments/pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B/refunds", "refunds:write"),
        ("POST", "/payments/pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B/capture", "payments:write"),
        ("POST", "/payments/pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B/cancel", "payments:write"),
    ],
)  # fmt: skip
async def test_each_operation_needs_its_scope(shop: World, method: str, path: str, scope: str) -> None:
    body = {"reason": "returned"} if "refunds" in path else {} if path.endswith("capture") else ASKED
    others = tuple(name for name in SCOPES if name != scope)
    answer = await call(shop, method, path, key_of(shop, scopes=others), body if method == "POST" else None)
    assert (answer.status_code, answer.json()["params"]) == (403, {"need": scope})


async def test_a_key_is_refused_from_another_network(shop: World) -> None:
    there = key_of(shop, networks=("203.0.113.0/24",))
    answer = await call(shop, "GET", "/payments", there)
    assert (answer.status_code, answer.json()["code"]) == (403, "kernel.address_not_allowed")
    here = key_of(shop, "malwa", networks=("127.0.0.0/8",))
    assert (await call(shop, "GET", "/payments", here)).status_code == 200


async def test_a_forwarded_address_counts_only_behind_our_own_proxy(shop: World) -> None:
    there = key_of(shop, networks=("203.0.113.0/24",)) | {"x-forwarded-for": "203.0.113.7"}
    assert (await call(shop, "GET", "/payments", there)).status_code == 403


# Test mode.


def outcomes() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DATA / "test-outcomes.yaml").read_text(encoding="utf-8"))
    return found


async def test_every_magic_value_does_what_its_row_says(shop: World) -> None:
    """Each value of the table, as UPI address and as card token, to its end."""
    headers = key_of(shop)
    known = (await shop.payments.client.get(f"{API}/test-outcomes")).json()["items"]
    assert len(known) > 40
    made = []
    for value in known:
        upi = await begin(shop, headers, vpa=value["vpa"], expires_in_s=60)
        card = await begin(shop, headers, method="card", vpa=None, card=value["card"], expires_in_s=60)
        made += [(value["vpa"].removesuffix("@mela"), payment) for payment in (upi, card)]
    for _ in range(20):
        shop.clock.advance(7)
        for job in ("ring_test_bank", "ask_gateway", "push_refunds"):
            await shop.payments.run_job(job)
    for name, payment in made:
        now = (await call(shop, "GET", f"/payments/{payment['id']}", headers)).json()
        kind, _, code = name.partition(".")
        wanted = {
            "success": ("captured", None, 0), "refund_refused": ("captured", None, 0), "declined": ("failed", code or "declined", 0),
            "unknown": ("captured", None, 0), "deemed": ("captured", None, 0), "reversed": ("failed", "21", 0),
            "expired": ("expired", "expired", 0), "late": ("expired", "expired", 50_000),
        }  # fmt: skip
        if kind == "pending":  # paid in the very second in which its time was over
            assert now["state"] in ("captured", "expired")
            continue
        assert (now["state"], now["reason"], now["refunded_paise"]) == wanted[kind], name


async def test_test_payments_touch_no_provider_and_no_account_of_the_live_ledger(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers)
    now = await after(shop, 2, headers, payment)
    await call(shop, "POST", f"/payments/{payment['id']}/refunds", headers, {"amount_paise": 700, "reason": "returned"})
    assert now["state"] == "captured"
    assert shop.wires.seen == []
    assert {name: debits - given for name, debits, given in await shop.balances()} == {
        "test:seller:kaveri": -49_300, "test:gateway": 49_300, "test:refunds:pending": 0,
    }  # fmt: skip
    assert (await shop.check())["balanced"] is True


async def test_a_live_payment_goes_to_a_provider_and_takes_no_magic_value(shop: World) -> None:
    headers = key_of(shop, mode="live")
    magic = await call(shop, "POST", "/payments", headers, ASKED)
    assert (magic.status_code, magic.json()["code"]) == (422, "payments.collect_not_allowed")
    payment = await begin(shop, headers, vpa=None)
    assert payment["pay_url"].startswith("upi://pay?")
    assert payment["mode"] == "live"
    assert shop.wires.seen == ["POST /sim/gateway/v1/payments"]
    card = await begin(shop, headers, method="card", vpa=None, card="tok_success")
    assert card["state"] == "failed"


@pytest.mark.parametrize(
    "means", [{"vpa": "asha@okbank"}, {"vpa": "nothing@mela"}, {"vpa": None, "method": "card", "card": "ctok_real0001"}]
)
async def test_test_mode_takes_magic_values_only(shop: World, means: Any) -> None:
    answer = await call(shop, "POST", "/payments", key_of(shop), ASKED | means)
    assert (answer.status_code, answer.json()["code"]) == (422, "payments.no_such_outcome")
    assert shop.wires.seen == []


async def test_what_is_of_test_mode_says_so_everywhere(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers, method="card", vpa=None, card="tok_success", capture=False)
    now = await after(shop, 2, headers, payment)
    assert now["state"] == "authorized"
    capture = (await call(shop, "POST", f"/payments/{payment['id']}/capture", headers, {})).json()
    refund = (await call(shop, "POST", f"/payments/{payment['id']}/refunds", headers, {"reason": "returned"})).json()
    listed = [
        (await call(shop, "GET", path, headers)).json()["items"][0] for path in ("/payments", "/refunds")
    ]  # fmt: skip
    assert [each["mode"] for each in (payment, now, capture, refund, *listed)] == ["test"] * 6
    operators = (await shop.payments.client.get("/api/payments/payments", headers=shop.operator())).json()["items"]
    assert [(each["mode"], each["merchant_id"], each["reference"]) for each in operators] == [
        ("test", "kaveri", "order-1042")
    ]


async def test_a_test_card_is_authorised_taken_in_parts_and_the_rest_let_go(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers, method="card", vpa=None, card="tok_success", capture=False)
    await after(shop, 2, headers, payment)
    for amount, final in ((20_000, False), (10_000, True)):
        body = {"amount_paise": amount, "final": final}
        assert (await call(shop, "POST", f"/payments/{payment['id']}/capture", headers, body)).json()["state"] == "done"
    now = await after(shop, 60, headers, payment)
    assert (now["state"], now["captured_paise"]) == ("captured", 30_000)


async def test_a_test_card_that_is_cancelled_is_let_go(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers, method="card", vpa=None, card="tok_success", capture=False)
    await after(shop, 2, headers, payment)
    assert (await call(shop, "POST", f"/payments/{payment['id']}/cancel", headers)).json()["state"] == "cancelled"
    now = await after(shop, 60, headers, payment)
    assert (now["state"], now["captured_paise"]) == ("cancelled", 0)


async def test_a_refund_that_test_mode_refuses_becomes_a_case_like_any_other(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers, vpa="refund_refused@mela")
    await after(shop, 2, headers, payment)
    refund = (await call(shop, "POST", f"/payments/{payment['id']}/refunds", headers, {"reason": "returned"})).json()
    assert refund["state"] == "failed"
    assert await shop.balance("test:seller:kaveri") == -50_000


async def test_nobody_calls_back_from_test_mode_by_http(shop: World) -> None:
    answer = await shop.payments.client.post("/api/payments/callbacks/test", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "payments.unknown_provider")


async def test_orders_hear_nothing_of_what_merchants_do(shop: World) -> None:
    headers = key_of(shop)
    payment = await begin(shop, headers)
    await after(shop, 2, headers, payment)
    [name] = await shop.heard.names(1)
    assert name == messages.meta(MerchantPaymentMoved).name != messages.meta(PaymentCaptured).name
    told = messages.from_json(MerchantPaymentMoved, shop.heard.envelopes[0].body)
    assert (told.what, told.test, told.merchant_id, told.reference) == ("captured", True, "kaveri", "order-1042")


# Lists.


async def test_pages_and_filters_of_a_merchant(shop: World) -> None:
    headers = key_of(shop)
    made = []
    for number in range(5):
        made.append(await begin(shop, headers, reference=f"order-{number}", amount_paise=10_000 * (number + 1)))
        shop.clock.advance(1)
    found: list[str] = []
    cursor = ""
    while True:
        page = (await call(shop, "GET", f"/payments?limit=2{cursor}", headers)).json()
        found += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == [one["id"] for one in reversed(made)]

    async def names(query: str) -> list[str]:
        return [one["reference"] for one in (await call(shop, "GET", f"/payments?{query}", headers)).json()["items"]]

    assert await names("reference=order-3") == ["order-3"]
    assert await names("at_least_paise=40000") == ["order-4", "order-3"]
    assert await names("method=card") == []
    assert await names("state=pending&state=created&at_most_paise=10000") == ["order-0"]
