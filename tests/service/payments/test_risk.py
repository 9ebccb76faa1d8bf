"""Payments that wait for a person, or are refused, before any provider hears of them."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from mela.contracts.payments import Payer, Payment, PaymentState
from mela.kernel.clock import FakeClock
from mela.kernel.money import Paise
from mela.kernel.sealed.files import make_file
from mela.kernel.sealed.keyring import SEARCHED_S
from mela.kernel.sealed.opening import open_provider
from mela.kernel.sealed.rotation import begin, count_hashes
from mela.services.payments.rules.risk import Decision, Verdict, in_force
from mela.services.payments.service.risk import Risk
from mela.services.payments.store import risk
from mela.services.payments.tables import attempts
from tests.kit import ENGINES
from tests.service.payments.world import START, World, world

RULES = """
- effective_from: 2026-01-01
  effective_to: null
  open_up_to_paise: 200000
  near: 92
  rules:
    - {code: V01, kind: count, within_s: 600, above: 5, verdict: review}
    - {code: D01, kind: payers, of: device, within_s: 600, above: 2, verdict: review}
    - {code: A01, kind: amount, above: 1000000, verdict: review, about: much at once}
    - {code: A03, kind: amount, above: 5000000, verdict: block}
"""
LISTED = "id,name,aliases\ns1,Zarkhan Blackledger,\n"


def payer(number: int = 1, *, name: str = "Meena R", device: str | None = None) -> Payer:
    return Payer(f"cus_{number}", name, device, "33", ["seller-1"])


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    (tmp_path / "list.csv").write_text(LISTED, encoding="utf-8")
    return tmp_path / "list.csv"


@pytest.fixture(params=ENGINES)
async def shop(request: pytest.FixtureRequest, tmp_path: Path, listing: Path) -> AsyncIterator[World]:
    (tmp_path / "risk.yaml").write_text(RULES, encoding="utf-8")
    settings = {"risk_rules": str(tmp_path / "risk.yaml"), "screening_list": str(listing)}
    async with world(tmp_path, request.param, **settings) as running:
        yield running


async def waiting(shop: World) -> list[dict[str, Any]]:
    answer = await shop.payments.client.get("/api/payments/reviews", headers=shop.operator())
    return list(answer.raise_for_status().json()["items"])


async def say(shop: World, payment: Payment, verdict: str, note: str = "called back") -> Any:
    path, body = f"/api/payments/payments/{payment.id}/review", {"verdict": verdict, "note": note}
    return await shop.payments.client.post(path, json=body, headers=shop.operator())


async def test_a_large_payment_waits_and_no_provider_hears_of_it(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer())
    assert (payment.state, payment.reason, payment.intent_url) == (PaymentState.CREATED, "risk_review", None)
    await shop.pass_time(30)
    assert await shop.bill(payment) is None
    [one] = await waiting(shop)
    assert (one["id"], one["amount_paise"], one["payer"]) == (payment.id, 1_000_001, "cus_1")
    assert one["reasons"] == [{"code": "A01", "about": "much at once"}]


async def test_a_person_lets_it_go_and_the_order_gets_the_link(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer())
    assert (await say(shop, payment, "allow")).raise_for_status().json() == {
        "id": payment.id,
        "state": "created",
        "reason": None,
    }
    await shop.pass_time(1)
    now = await shop.now(payment)
    assert now.state is PaymentState.PENDING
    assert now.intent_url is not None
    assert await shop.heard.names(1) == ["payments.ready"]
    await shop.approve(payment)
    assert (await shop.now(payment)).state is PaymentState.CAPTURED
    assert await waiting(shop) == []


async def test_a_person_refuses_it_and_the_order_is_told(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer())
    assert (await say(shop, payment, "block")).json()["state"] == "failed"
    await shop.pass_time(30)
    assert await shop.bill(payment) is None
    assert await shop.heard.names(1) == ["payments.failed"]


async def test_the_same_word_again_changes_nothing_and_another_is_refused(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer())
    first, again, other = [await say(shop, payment, verdict) for verdict in ("allow", "allow", "block")]
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "payments.not_in_review")
    ordinary = await shop.start(1_000, payer=payer(2))
    assert (await say(shop, ordinary, "allow")).status_code == 409


async def test_rules_that_come_later_leave_a_persons_word(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer())
    await say(shop, payment, "allow")
    late = Decision(Verdict.REVIEW, ("A01",))
    stands = await shop.payments.db.run(risk.ruled, payment.id, late, shop.clock.now())
    assert stands.verdict is Verdict.ALLOW
    assert await waiting(shop) == []


async def test_what_nobody_looks_at_expires(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer(), seconds=600)
    await shop.pass_time(601)
    await shop.pass_time(10)
    assert (await shop.now(payment)).state is PaymentState.EXPIRED
    assert await waiting(shop) == []


@pytest.mark.parametrize("method", ["upi", "cod"])
async def test_a_listed_name_is_refused_for_every_method(shop: World, method: Any) -> None:
    payment = await shop.start(1_000, payer=payer(name="BLACKLEDGER, Zarkhan"), method=method)
    assert (payment.state, payment.reason) == (PaymentState.FAILED, "risk_blocked")


async def test_a_cash_payment_that_is_odd_goes_on_and_is_listed(shop: World) -> None:
    payment = await shop.start(1_000_001, payer=payer(), method="cod")
    assert payment.state is PaymentState.PENDING
    assert [one["id"] for one in await waiting(shop)] == [payment.id]


async def test_payments_at_the_same_moment_count_each_other(shop: World) -> None:
    made = await asyncio.gather(*(shop.start(1_000, payer=payer()) for _ in range(16)))
    assert sum(payment.reason is None for payment in made) <= 5
    assert len(await waiting(shop)) >= 11


async def test_a_third_payer_at_one_device_waits(shop: World) -> None:
    made = [await shop.start(1_000, payer=payer(n, device="d" * 16)) for n in (1, 2, 3)]
    assert [payment.reason for payment in made] == [None, None, "risk_review"]


async def test_a_third_payer_at_one_device_waits_also_while_the_key_of_its_hash_changes(
    shop: World, tmp_path: Path
) -> None:
    for number in (1, 2):
        await shop.start(1_000, payer=payer(number, device="d" * 16))
    provider = open_provider(make_file(tmp_path / "keys.json"))
    await shop.payments.db.run(begin, provider, service="payments", now=shop.clock.now())
    await shop.payments.seal()
    shop.clock.advance(SEARCHED_S)
    assert (await shop.start(1_000, payer=payer(3, device="d" * 16))).reason == "risk_review"
    assert await shop.payments.db.read(count_hashes, attempts) == {"1": 2, "2": 1}


async def test_without_a_payer_nothing_is_judged(shop: World) -> None:
    assert (await shop.start(9_000_000)).reason is None


def write(file: Path, text: str, *, changed: int) -> None:
    file.write_text(text, encoding="utf-8")
    os.utime(file, (changed, changed))


async def test_without_a_list_small_amounts_pass_and_large_ones_wait(shop: World, listing: Path) -> None:
    write(listing, "nonsense", changed=1)
    await shop.payments.run_job("read_screening_list")
    small, large = [await shop.start(amount, payer=payer()) for amount in (200_000, 200_001)]
    assert (small.reason, large.reason) == (None, "risk_review")
    write(listing, LISTED, changed=2)
    await shop.payments.run_job("read_screening_list")
    assert (await shop.start(200_001, payer=payer())).reason is None


class Silent:
    """A database that answers no question. What is written there counts."""

    def __init__(self) -> None:
        self.written: list[Decision] = []

    async def read(self, *_args: object, **_more: object) -> None:
        await asyncio.Event().wait()

    async def run(self, _unit: object, _payment: str, decision: Decision, *_args: object) -> Decision:
        self.written.append(decision)
        return decision


@pytest.mark.parametrize(("amount", "verdict"), [(200_000, Verdict.ALLOW), (200_001, Verdict.REVIEW)])
async def test_a_decision_that_takes_too_long_is_open_for_small_and_closed_for_large_amounts(
    listing: Path, amount: int, verdict: Verdict
) -> None:
    today, silent = in_force(yaml.safe_load(RULES), date(2026, 11, 26)), Silent()
    judge = Risk(cast(Any, silent), FakeClock(START), today, listing, within_s=0.01).judge
    assert await judge("pay_1", Paise(amount)) == Decision(verdict, ("X01",)) == silent.written[0]


async def test_a_tier_is_kept_and_nonsense_is_refused(shop: World) -> None:
    path = "/api/payments/payers/cus_1/tier"
    answers = [
        await shop.payments.client.put(path, json={"tier": tier}, headers=shop.operator())
        for tier in ("full", "full", "royal")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
