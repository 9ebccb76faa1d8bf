"""Whatever people, a provider and the clock do in whatever order: payments does what a model of a page does.

The model knows each payment as the provider has it and as we should have it. Callbacks lie in a box and are brought by hand:
late, twice, out of order or never. What only the clock decides (when a job asks) the model takes over after it has judged it:
from where it was, by what the provider says, and by nothing else.
"""

import asyncio
import itertools
import logging
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, func, select

from mela.contracts.payments import Capture, Payment, PaymentState, Refund
from mela.kernel.errors import MelaError
from mela.services.payments.model import Word
from mela.services.payments.rules import states
from mela.simulators.gateway import signature, tables
from mela.simulators.gateway.store import books, rows
from tests.service.payments.world import World, world

CREATED, PENDING = PaymentState.CREATED, PaymentState.PENDING
AUTHORIZED, CAPTURED, CANCELLED = PaymentState.AUTHORIZED, PaymentState.CAPTURED, PaymentState.CANCELLED
SAYS = {"created": Word.CREATED, "authorized": Word.AUTHORIZED, "captured": Word.CAPTURED, "voided": Word.VOIDED,
        "failed": Word.FAILED, "expired": Word.EXPIRED}  # fmt: skip
JUMPS = (1.0, 30.0, 51.0, 400.0, 3_700.0, 7_300.0, 100_000.0)


@dataclass
class Known:
    """A payment as it should be. `captures` and `refunds`: amounts and states by key, with what was asked."""

    id: str
    amount: int
    method: str
    state: PaymentState
    captures: dict[str, tuple[int, bool, str]] = field(default_factory=dict)
    refunds: dict[str, tuple[int, str]] = field(default_factory=dict)
    late: bool = False
    held: int = 0

    @property
    def taken(self) -> int:
        """On our ledger as captured."""
        if self.method != "card" or self.late or self.held:
            return self.amount if self.state is CAPTURED or self.late else 0
        return sum(amount for amount, _, state in self.captures.values() if state == "done")

    def back(self, *wanted: str) -> int:
        """Promised back, by the states of the refunds."""
        return sum(amount for amount, state in self.refunds.values() if state in wanted)


class Stage:
    """Both applications, which one story after the other plays on; the provider's own messengers find nobody at home."""

    def __init__(self, folder: Path, runner: asyncio.Runner) -> None:
        self.runner, self.life = runner, world(folder)
        self.keys = (f"key-{number}" for number in itertools.count())
        self.shop: World = runner.run(self.life.__aenter__())
        self.card = runner.run(self.shop.card(expiry="1299"))  # its clock passes years
        self.shop.wires.cut.add("payments")

    def close(self) -> None:
        """The end of all stories."""
        self.runner.run(self.life.__aexit__(None, None, None))


class Story(RuleBasedStateMachine):
    """Three kinds of payments at one provider."""

    payments: Any = Bundle("payments")

    stage: "Stage"

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.shop, self.card = self.stage.runner, self.stage.shop, self.stage.card
        self.known: list[Known] = []
        self.brought: set[str] = set()
        self.provider(down=False)
        self.before = {name: debits - given for name, debits, given in self._run(self.shop.balances())}
        self.totals = self._run(self.shop.gateway.db.read(books.totals))
        self.old = self._run(self.shop.gateway.db.read(_written))

    def teardown(self) -> None:
        """All comes to rest: the provider is back, time passes, and both books agree with nothing open."""
        if self.known:
            self._come_to_rest()

    @rule(
        target=payments,
        amount=st.integers(100, 500),
        method=st.sampled_from(["upi", "card", "cod"]),
        again=st.booleans(),
    )
    def start(self, amount: int, method: Any, again: bool) -> Known:
        """Somebody buys; with the same key they get the same payment."""
        key = next(self.stage.keys)
        means: dict[str, Any] = {"instrument": self.card, "capture": False} if method == "card" else {}
        call = partial(self.shop.start, amount, method=method, key=key, seconds=600, **means)
        payment: Payment = self._run(call())
        if again:
            assert self._run(call()).id == payment.id
        assert payment.state is PENDING
        assert (payment.intent_url is None) == (self.down or method == "cod")
        made = Known(payment.id, amount, method, PENDING)
        self.known.append(made)
        return made

    @rule(of=payments)
    def approve(self, of: Known) -> None:
        """The payer pays, unless it is over."""
        if of.method != "cod":
            self._at_the_bank(of, "approve")

    @rule(of=payments)
    def decline(self, of: Known) -> None:
        """The payer says no."""
        if of.method != "cod":
            self._at_the_bank(of, "decline")

    @rule(of=payments)
    def hand_cash_over(self, of: Known) -> None:
        """At the door."""
        call = self.shop.payments.service.collect_cash(key=f"cash-{of.id}", payment_id=of.id)
        if of.method != "cod" or of.state not in (PENDING, CAPTURED):
            assert self._refused(call)
        else:
            self._run(call)
            of.state = CAPTURED

    @rule(data=st.data(), times=st.integers(1, 2))
    def bring_a_callback(self, data: Any, times: int) -> None:
        """Any that was ever written: an old one, one that has been here, the newest."""
        box = self._run(self.shop.gateway.db.read(_callbacks, self.old))
        if not box:
            return
        row = box[data.draw(st.integers(0, len(box) - 1))]
        for _ in range(times):
            self._bring(row)

    @rule(of=payments)
    def cancel(self, of: Known) -> None:
        """No longer wanted."""
        call = self.shop.payments.service.cancel(payment_id=of.id, reason="changed my mind")
        if of.state is AUTHORIZED and any(state == "pending" for *_, state in of.captures.values()):
            assert self._refused(call) == "payments.capture_pending"
            return
        self._run(call)
        if of.state is AUTHORIZED:
            of.state = CAPTURED if of.taken else CANCELLED
        elif of.state in states.OPEN:
            of.state = CANCELLED

    @rule(of=payments, share=st.sampled_from([0.3, 0.5, 1.0, 1.2]), final=st.booleans(), again=st.booleans())
    def capture(self, of: Known, share: float, final: bool, again: bool) -> None:
        """Take authorised money: in part, in full, too much."""
        key, amount = next(self.stage.keys), max(1, int(of.amount * share))
        call = partial(self.shop.payments.service.capture, key=key, payment_id=of.id, amount=amount, final=final)
        asked = sum(each for each, _, state in of.captures.values() if state != "failed")
        pending = any(state == "pending" for *_, state in of.captures.values())
        if of.state is not AUTHORIZED or asked + amount > of.amount or pending:
            assert self._refused(call()) in {
                "payments.not_authorized", "payments.capture_too_large", "payments.capture_pending"
            }  # fmt: skip
            return
        made: Capture = self._run(call())
        assert made.state == "pending" or not self.down
        if again:
            assert self._run(call()).id == made.id
        of.captures[key] = (amount, final, "pending")
        self._take_over(of)

    @rule(of=payments, share=st.sampled_from([0.3, 0.5, 1.0, 1.2]), again=st.booleans())
    def refund(self, of: Known, share: float, again: bool) -> None:
        """Money back: a part, all, too much."""
        key, amount = next(self.stage.keys), max(1, int(of.amount * share))
        call = partial(self.shop.payments.service.refund, key=key, payment_id=of.id, amount=amount, reason="returned")
        if of.state is not CAPTURED or of.back("pending", "processed") + amount > of.taken:
            assert self._refused(call()) in {"payments.not_captured", "payments.refund_too_large"}
            return
        made: Refund = self._run(call())
        assert made.state == ("pending" if self.down and of.method != "cod" else "processed")
        if again:
            assert self._run(call()).id == made.id
        of.refunds[made.id] = (amount, made.state)

    @rule(down=st.booleans())
    def provider(self, down: bool) -> None:
        """It goes, or comes back."""
        self.down = down
        (self.shop.wires.cut.add if down else self.shop.wires.cut.discard)("gateway")

    @rule(seconds=st.sampled_from(JUMPS))
    def time_passes(self, seconds: float) -> None:
        """The clock jumps; then every job looks once."""
        self._run(self.shop.pass_time(seconds))
        for each in self.known:
            self._take_over(each)

    @invariant()
    def every_payment_is_as_the_model_has_it(self) -> None:
        """State and sums, and a history that tells how it came."""
        for each in self.known:
            payment, history, *_ = self._run(self.shop.payments.service.look(each.id))
            assert payment.state is each.state
            assert payment.refunded == each.back("pending", "processed")
            for step in history:
                moved = step["from"] != step["to"]
                assert not moved or PaymentState(step["to"]) in states.MOVES[PaymentState(step["from"])]

    @invariant()
    def the_ledger_is_the_models(self) -> None:
        """To the paisa, account by account."""
        found = {name: debits - given for name, debits, given in self._run(self.shop.balances())}
        online = [each for each in self.known if each.method != "cod"]
        cash = [each for each in self.known if each.method == "cod"]
        taken, back = (
            sum(each.taken for each in self.known),
            sum(each.back("pending", "processed") for each in self.known),
        )
        wanted = {
            "gateway:upi": sum(each.taken - each.back("processed") for each in online),
            "cash:in_transit": sum(each.taken - each.back("processed") for each in cash),
            "escrow": back - taken,
            "refunds:pending": -sum(each.back("pending") for each in self.known),
        }
        assert {name: found.get(name, 0) - self.before.get(name, 0) for name in wanted} == wanted

    @invariant()
    def no_money_is_made(self) -> None:
        """We have never more than was collected, and have never given back more than we know."""
        now = self._run(self.shop.gateway.db.read(books.totals))
        collected, refunded = (now[kind][1] - self.totals[kind][1] for kind in ("collected", "refunded"))
        online = [each for each in self.known if each.method != "cod"]
        assert sum(each.taken for each in online) <= collected
        assert sum(each.back("processed") for each in online) <= refunded
        assert refunded <= collected

    def _take_over(self, each: Known) -> None:
        """Judge what jobs and answers did to a payment, then have the model follow."""
        payment, _, captures, refunds = self._run(self.shop.payments.service.look(each.id))
        for made in refunds:
            amount, before = each.refunds.get(made.id, (made.amount, "pending"))
            assert (made.amount, before in (made.state, "pending")) == (amount, True)
            assert made.id in each.refunds or (each.state is not CAPTURED and made.reason == "arrived_late")
            each.late = each.late or made.id not in each.refunds
            each.refunds[made.id] = (amount, made.state)
        done = {made.amount: made.state for made in captures}
        for (key, (amount, final, before)), made in zip(each.captures.items(), captures, strict=True):
            assert (made.amount, made.final) == (amount, final)
            assert before in (made.state, "pending")
            each.captures[key] = (amount, final, made.state)
        row = self._run(self.shop.gateway.db.read(rows.by_reference, tables.payments, each.id))
        says = {states.after(each.state, SAYS[row.status])} if row is not None else {PaymentState.EXPIRED}
        says |= {states.after(each.state, Word.EXPIRED)} if row is None else set()
        if "done" in done.values():
            says.add(CAPTURED)
        assert payment.state in says | {each.state}, (payment, row)
        each.state = payment.state

    def _bring(self, row: Any) -> None:
        """A callback, signed; its effect is what the table of moves says, once."""
        signed = {
            "content-type": "application/json", signature.HEADER: signature.hex_hmac("hook", row.body.encode()),
            signature.EVENT_ID: row.id,
        }  # fmt: skip
        path = "/api/payments/callbacks/gateway"
        answer = self._run(self.shop.payments.client.post(path, content=row.body.encode(), headers=signed))
        assert answer.is_success, answer.text
        assert (answer.json()["outcome"] == "repeated") == (row.id in self.brought)
        self.brought.add(row.id)
        for each in self.known:
            self._take_over(each)

    def _at_the_bank(self, of: Known, verb: str) -> None:
        bill = self._run(self.shop.bill(of))  # type: ignore[arg-type]  # only the id is looked at
        if bill is not None:
            self._run(self.shop.gateway.client.post(f"/sim/gateway/upi/{bill}/{verb}", json={}))

    def _come_to_rest(self) -> None:
        self.provider(down=False)
        for row in self._run(self.shop.gateway.db.read(_callbacks, self.old)):
            self._bring(row)
        for each in self.known:
            if each.state is AUTHORIZED:
                self._run(self.shop.pass_time(120))
                self._run(self.shop.payments.service.cancel(payment_id=each.id, reason="the end"))
        for seconds in (700, 3_700, 7_300, 7_300):
            self._run(self.shop.pass_time(seconds))
        for each in self.known:
            payment = self._run(self.shop.now(each))  # type: ignore[arg-type]
            assert each.method == "cod" or payment.state not in {*states.OPEN, AUTHORIZED}
        told = self._run(self.shop.check())
        assert (told["balanced"], told["agrees"], told["cases"]) == (True, True, [])

    def _run(self, call: Any) -> Any:
        return self.runner.run(call)

    def _refused(self, call: Any) -> str | None:
        """The code that a call is refused with, None when it is not."""
        try:
            self._run(call)
        except MelaError as error:
            return error.code
        return None


def _written(conn: Connection) -> int:
    return conn.execute(select(func.count()).select_from(tables.callbacks)).scalar_one()


def _callbacks(conn: Connection, before: int) -> list[Any]:
    """Those of this story: so many were written `before` it."""
    return list(conn.execute(select(tables.callbacks).order_by(tables.callbacks.c.id).limit(-1).offset(before)))


@pytest.mark.parametrize(("stories", "steps"), [(25, 30), pytest.param(3_000, 60, marks=pytest.mark.long)])
def test_02_whatever_happens_in_whatever_order_payments_does_what_the_model_does(
    stories: int, steps: int, tmp_path: Path
) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with asyncio.Runner() as runner:
        stage = Stage(tmp_path, runner)
        played = type("Played", (Story,), {"stage": stage})
        try:
            run_state_machine_as_test(
                played,
                settings=settings(
                    max_examples=stories, stateful_step_count=steps, derandomize=steps < 60, database=None
                ),
            )
        finally:
            stage.close()
            structlog.reset_defaults()
