"""Money of the merchant API: taken, given back, taken back by banks, paid out once, and every rupee of it accounted for."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.kernel.money import Paise
from mela.services.settlement import store
from tests.kit import ENGINES
from tests.service.settlement.merchants import MERCHANT, Market
from tests.service.settlement.merchants import market as open_market

SELLER = f"seller:{MERCHANT}"
LIMIT = 5_000_000
"""What refunds may take a merchant's balance below zero by, in paise: data/limits.yaml."""
RATES = {"upi": 0, "card": 200, "netbanking": 200, "wallet": 200}


@pytest.fixture(params=ENGINES)
async def bazaar(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Market]:
    async with open_market(tmp_path, request.param) as running:
        yield running


def fee(amount: int, method: str) -> tuple[int, int]:
    """Commission and the GST on it, each to the paisa."""
    commission = (amount * RATES[method] + 5_000) // 10_000
    return commission, 0 if method == "card" and amount <= 200_000 else (commission * 18 + 50) // 100


async def agrees(bazaar: Market) -> None:
    """What is the merchant's by the ledger is what settlement has still to pay, and the gateway's books are ours."""
    assert await bazaar.balance(SELLER) + await bazaar.balance(f"held:{MERCHANT}") == await bazaar.open_net()
    assert (await bazaar.settlement.service.check()).problems == ()
    assert (await bazaar.shop.check())["agrees"] is True
    assert await bazaar.balance("bank") == sum(await bazaar.paid_out())
    assert await bazaar.balance("payouts:sending") == await bazaar.balance("escrow") == 0


async def test_a_payment_of_a_merchant_is_paid_out_on_the_next_banking_day_less_the_fee(bazaar: Market) -> None:
    await bazaar.pay(300_000, "card")
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == 300_000 - 6_000 - 1_080
    assert [await bazaar.balance(name) for name in ("commission", "gst:output", "tcs:payable")] == [6_000, 1_080, 0]
    await bazaar.settle()
    await agrees(bazaar)
    assert await bazaar.paid_out() == [292_920]


async def test_upi_costs_nothing_and_a_small_card_payment_no_gst(bazaar: Market) -> None:
    await bazaar.pay(80_000)
    await bazaar.pay(200_000, "card")
    await bazaar.spread()
    assert [await bazaar.balance(name) for name in ("commission", "gst:output", SELLER)] == [4_000, 0, 276_000]


async def test_a_refund_after_the_payout_is_recovered_from_the_next_payout(bazaar: Market) -> None:
    first = await bazaar.pay(90_000)
    await bazaar.spread()
    await bazaar.settle()
    assert await bazaar.refund(first, 50_000)
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == -50_000
    await bazaar.settle()
    assert await bazaar.paid_out() == [90_000]
    await bazaar.pay(70_000)
    await bazaar.spread()
    await bazaar.settle()
    assert await bazaar.paid_out() == [90_000, 20_000]
    await agrees(bazaar)


async def test_refunds_take_a_merchant_below_zero_to_the_limit_and_no_further(bazaar: Market) -> None:
    paid = await bazaar.pay(LIMIT + 100_000)
    await bazaar.spread()
    await bazaar.settle()
    assert await bazaar.refund(paid, LIMIT)
    assert not await bazaar.refund(paid, 1)
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == -LIMIT
    await bazaar.pay(100)
    assert await bazaar.refund(paid, 100)


async def test_refunds_at_once_stay_within_the_limit_together(bazaar: Market) -> None:
    paid = await bazaar.pay(LIMIT + 1_000_000)
    await bazaar.spread()
    await bazaar.settle()
    part, service = Paise(LIMIT // 5), bazaar.shop.payments.service
    told = await asyncio.gather(
        *(service.refund(key=f"at-once-{n}", payment_id=paid, amount=part, reason="x") for n in range(6)), return_exceptions=True
    )  # fmt: skip
    refused = [each for each in told if isinstance(each, BaseException)]
    assert [type(each).__name__ for each in refused] == ["AccountOverdrawn"]
    await bazaar.shop.pass_time(60)
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == -LIMIT
    await agrees(bazaar)


async def test_a_chargeback_is_borne_by_the_merchant_whatever_the_limit(bazaar: Market) -> None:
    paid = await bazaar.pay(LIMIT + 100_000)
    await bazaar.spread()
    await bazaar.settle()
    await bazaar.charge_back(paid, LIMIT + 100_000)
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == -LIMIT - 100_000
    assert await bazaar.balance("chargebacks:lost") == 0
    await bazaar.pay(LIMIT + 130_000)
    await bazaar.spread()
    await bazaar.settle()
    assert (await bazaar.paid_out())[1:] == [30_000]
    await agrees(bazaar)


@pytest.mark.parametrize("decided", ["won", "lost"])
async def test_a_payment_whose_dispute_is_open_is_not_paid_out_until_it_is_decided(
    bazaar: Market, decided: str
) -> None:
    disputed = await bazaar.pay(90_000)
    await bazaar.pay(70_000)
    await bazaar.spread()
    dispute = await bazaar.dispute(disputed, 90_000)
    assert (await bazaar.balance(SELLER), await bazaar.balance(f"held:{MERCHANT}")) == (70_000, 90_000)
    await bazaar.spread()
    await bazaar.settle()
    await bazaar.settle()
    assert await bazaar.paid_out() == [70_000]
    await bazaar.decide(dispute, decided)
    await bazaar.spread()
    assert await bazaar.balance(f"held:{MERCHANT}") == 0
    await bazaar.settle()
    assert await bazaar.paid_out() == [70_000, *([90_000] if decided == "won" else [])]
    await agrees(bazaar)


async def test_a_dispute_between_opening_and_sending_a_payout_stops_it(bazaar: Market) -> None:
    paid = await bazaar.pay(90_000)
    await bazaar.spread()
    day = await bazaar.next_day()
    opened = await bazaar.settlement.db.run(store.open_payout, MERCHANT, day, bazaar.shop.clock.now())
    dispute = await bazaar.dispute(paid, 90_000)
    await bazaar.settlement.service.run(day)
    assert opened is not None
    assert await bazaar.paid_out() == []
    await bazaar.decide(dispute, "won")
    await bazaar.settlement.service.run(day)
    assert await bazaar.paid_out() == [90_000]
    await bazaar.spread()
    await agrees(bazaar)


async def test_a_dispute_of_what_was_paid_out_holds_what_there_is_and_no_more(bazaar: Market) -> None:
    first = await bazaar.pay(90_000)
    await bazaar.spread()
    await bazaar.settle()
    await bazaar.pay(20_000)
    await bazaar.spread()
    dispute = await bazaar.dispute(first, 90_000)
    assert (await bazaar.balance(SELLER), await bazaar.balance(f"held:{MERCHANT}")) == (0, 20_000)
    await bazaar.settle()
    await bazaar.decide(dispute, "lost")
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == -70_000
    assert await bazaar.paid_out() == [90_000]
    await agrees(bazaar)


async def test_who_is_on_duty_sees_what_a_dispute_holds_and_may_release_it(bazaar: Market) -> None:
    shop, paid = bazaar.shop, await bazaar.pay(90_000)
    dispute = await bazaar.dispute(paid, 40_000)
    [held] = (await shop.payments.client.get("/api/payments/holds", headers=shop.operator())).json()["items"]
    assert (held["amount_paise"], held["by"], dispute in held["reason"]) == (40_000, "dispute", True)
    url = f"/api/payments/holds/{held['id']}/release"
    headers = shop.operator() | {"idempotency-key": "release-1"}
    (await shop.payments.client.post(url, headers=headers)).raise_for_status()
    await bazaar.decide(dispute, "won")
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == 90_000
    await agrees(bazaar)


async def test_a_refused_refund_is_the_merchants_again(bazaar: Market) -> None:
    await bazaar.shop.plan(refund_refused=1)
    paid = await bazaar.pay(90_000)
    assert await bazaar.refund(paid, 50_000)
    await bazaar.spread()
    assert await bazaar.balance(SELLER) == 90_000
    await bazaar.settle()
    assert await bazaar.paid_out() == [90_000]
    await agrees(bazaar)


async def test_late_money_goes_back_and_is_never_the_merchants(bazaar: Market) -> None:
    await bazaar.shop.plan(callback_lost=1)
    made = await bazaar.shop.payments.service.start(
        key="late", order_id="late", amount=90_000, method="upi", description="x", seconds=60,
        merchant=_merchant(),
    )  # fmt: skip
    await bazaar.shop.payments.service.cancel(payment_id=made.id, reason="gone")
    await bazaar.shop.approve(made)
    for _ in range(4):
        await bazaar.shop.pass_time(120)
    await bazaar.spread()
    assert (await bazaar.shop.now(made)).refunded == 90_000
    assert await bazaar.balance(SELLER) == await bazaar.open_net() == 0
    await agrees(bazaar)


def _merchant() -> Any:
    from mela.services.payments.model import Merchant

    return Merchant(MERCHANT, "order-late", test=False)


async def test_a_merchant_sees_balance_and_payouts_by_the_api(bazaar: Market) -> None:
    shop = bazaar.shop
    mine = shop.payments.tokens.give("merchant", MERCHANT, "payments:read")
    for amount in (90_000, 70_000, 50_000):
        await bazaar.pay(amount)
        await bazaar.spread()
        await bazaar.settle()
    await bazaar.pay(1_234)
    await bazaar.spread()
    balance = (await shop.payments.client.get("/api/payments/v1/balance", headers=mine)).json()
    assert balance == {
        "merchant_id": MERCHANT, "mode": "live", "coming_paise": 1_234, "refunds_beyond_paise": LIMIT, "held_paise": 0,
        "sending_paise": 0,
    }  # fmt: skip
    first = (await shop.payments.client.get("/api/payments/v1/payouts?limit=2", headers=mine)).json()
    rest = await shop.payments.client.get(f"/api/payments/v1/payouts?cursor={first['next_cursor']}", headers=mine)
    seen = [*first["items"], *rest.json()["items"]]
    assert [(each["amount_paise"], each["state"]) for each in seen] == [
        (50_000, "paid"), (70_000, "paid"), (90_000, "paid"),
    ]  # fmt: skip
    assert all(each["utr"] for each in seen)
    assert rest.json()["next_cursor"] is None
    on_duty = await shop.payments.client.get(f"/api/payments/merchants/{MERCHANT}/payouts", headers=shop.operator())
    assert on_duty.json()["items"] == seen
    other = shop.payments.tokens.give("merchant", "malwa", "payments:read")
    assert (await shop.payments.client.get("/api/payments/v1/payouts", headers=other)).json()["items"] == []
    nothing = shop.payments.tokens.give("merchant", MERCHANT, "catalog:write")
    assert (await shop.payments.client.get("/api/payments/v1/balance", headers=nothing)).status_code == 403


async def test_a_payout_on_its_way_stands_beside_the_balance(bazaar: Market) -> None:
    shop = bazaar.shop
    await bazaar.pay(90_000)
    await bazaar.spread()
    shop.wires.cut.add("gateway")
    await bazaar.settlement.service.run(await bazaar.next_day())
    await bazaar.spread()
    mine = shop.payments.tokens.give("merchant", MERCHANT, "payments:read")
    balance = (await shop.payments.client.get("/api/payments/v1/balance", headers=mine)).json()
    assert (balance["coming_paise"], balance["sending_paise"]) == (0, 90_000)
    [payout] = (await shop.payments.client.get("/api/payments/v1/payouts", headers=mine)).json()["items"]
    assert (payout["state"], payout["utr"], payout["paid"]) == ("sending", None, None)


async def test_events_of_a_payout_may_come_twice_and_in_any_order(bazaar: Market) -> None:
    await bazaar.pay(90_000)
    await bazaar.spread()
    await bazaar.settle()
    await bazaar.spread(again=True)
    bazaar.told.envelopes.reverse()
    bazaar.heard["settlement"] = 0
    await bazaar.spread()
    mine = bazaar.shop.payments.tokens.give("merchant", MERCHANT, "payments:read")
    [payout] = (await bazaar.shop.payments.client.get("/api/payments/v1/payouts", headers=mine)).json()["items"]
    assert payout["state"] == "paid"


async def test_a_process_that_dies_at_any_step_pays_the_merchant_once(bazaar: Market) -> None:
    expected = []
    for step in range(1, 14):
        paid = await bazaar.pay(100_000 + step, "card")
        await bazaar.refund(paid, 40_000)
        await bazaar.spread(dying_at=step, again=True)
        await bazaar.settle(dying_at=step)
        commission, gst = fee(100_000 + step, "card")
        expected.append(60_000 + step - commission - gst)
        assert await bazaar.paid_out() == expected
        await agrees(bazaar)


# Any course of things, against a model that only adds up.

AMOUNTS = st.sampled_from([100, 199, 1_000, 129_999, 200_000, 200_001, LIMIT, 3 * LIMIT])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), AMOUNTS, st.sampled_from(["upi", "card"])),
        st.tuples(st.just("refund"), st.integers(0, 9), st.integers(1, 100)),
        st.tuples(st.just("charge_back"), st.integers(0, 9), st.integers(1, 100)),
        st.tuples(st.just("dispute"), st.integers(0, 9), st.integers(1, 100)),
        st.tuples(st.just("decide"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("refuse"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("spread"), st.integers(1, 8), st.booleans()),
        st.tuples(st.just("settle"), st.integers(1, 12), st.just(0)),
    ),
    max_size=10,
)


@dataclass
class Story:
    """A course of things, and what the merchant has by the rules. `left`: of each payment what has gone nowhere yet."""

    bazaar: Market
    refuses: bool = False
    coming: int = 0
    commission: int = 0
    gst: int = 0
    back: int = 0
    lost: int = 0
    taken: int = 0
    left: dict[str, int] = field(default_factory=dict)
    open: dict[str, tuple[str, int, int]] = field(default_factory=dict)

    @property
    def held(self) -> int:
        return sum(kept for _, _, kept in self.open.values())

    async def pay(self, amount: int, method: str) -> None:
        self.left[await self.bazaar.pay(amount, method)] = amount
        commission, gst = fee(amount, method)
        self.taken += amount
        self.commission += commission
        self.gst += gst
        await self.bazaar.spread()
        self.coming += amount - commission - gst

    async def refund(self, which: int, percent: int) -> None:
        paid, amount = self._part(which, percent)
        if paid:
            allowed = amount <= self.coming - self.held + LIMIT
            assert await self.bazaar.refund(paid, amount) == allowed
            if allowed and not self.refuses:
                self.back += amount
                self._gone(paid, amount)

    async def charge_back(self, which: int, percent: int) -> None:
        paid, amount = self._part(which, percent)
        if paid:
            await self.bazaar.charge_back(paid, amount)
            self.lost += amount
            self._gone(paid, amount)

    async def dispute(self, which: int, percent: int) -> None:
        paid, amount = self._part(which, percent)
        if paid:
            kept = max(0, min(amount, self.coming - self.held))
            self.open[await self.bazaar.dispute(paid, amount)] = (paid, amount, kept)
            self.left[paid] -= amount

    async def decide(self, which: int, lost: bool) -> None:
        if self.open:
            name = list(self.open)[which % len(self.open)]
            paid, amount, _ = self.open.pop(name)
            await self.bazaar.decide(name, "lost" if lost else "won")
            self.left[paid] += amount
            if lost:
                self.lost += amount
                self._gone(paid, amount)

    async def refuse(self, refused: int, _: int) -> None:
        self.refuses = bool(refused)
        await self.bazaar.shop.plan(refund_refused=refused)

    async def spread(self, step: int, again: bool) -> None:
        await self.bazaar.spread(dying_at=step, again=again)

    async def settle(self, step: int, _: int) -> None:
        before = sum(await self.bazaar.paid_out())
        await self.bazaar.settle(dying_at=step)
        paid = sum(await self.bazaar.paid_out()) - before
        self.coming -= paid
        assert self.coming >= self.held or not paid
        assert self.coming <= 0 or self.held

    def _part(self, which: int, percent: int) -> tuple[str, int]:
        paid = list(self.left)[which % len(self.left)] if self.left else ""
        left = self.left.get(paid, 0)
        return (paid, max(1, left * percent // 100)) if left else ("", 0)

    def _gone(self, paid: str, amount: int) -> None:
        self.coming -= amount
        self.left[paid] -= amount


async def play(steps: list[tuple[str, Any, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_market(Path(folder)) as bazaar:
            story = Story(bazaar)
            for what, one, two in steps:
                await getattr(story, what)(one, two)
                await bazaar.spread()
                assert await bazaar.balance(SELLER) == story.coming - story.held
                assert await bazaar.balance(f"held:{MERCHANT}") == story.held
                await agrees(bazaar)
            disputed = sum(amount for _, amount, _ in story.open.values())
            wanted = {"commission": story.commission, "gst:output": story.gst, "refunds:pending": 0,
                      "chargebacks:lost": 0, "gateway:upi": story.back + story.lost + disputed - story.taken}  # fmt: skip
            assert {name: await bazaar.balance(name) for name in wanted} == wanted
            out = sum(await bazaar.paid_out())
            assert story.taken == story.coming + story.commission + story.gst + story.back + story.lost + out


@settings(max_examples=10, deadline=None)
@given(STEPS)
def test_no_rupee_is_lost_or_paid_twice_whatever_happens(steps: list[tuple[str, Any, Any]]) -> None:
    asyncio.run(play(steps))
