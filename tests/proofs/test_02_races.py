"""Many at once: one key, one payment's money, a capture against letting go, three tellers of one truth. On both databases.

On PostgreSQL two processes' worth of payments share a database, as two pods do; their clients alternate.
"""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from mela.contracts.payments import CapturePending, Payment, PaymentState, RefundTooLarge
from mela.kernel.db import Database, row_guarded
from mela.kernel.errors import Conflict, MelaError, Retryable
from mela.kernel.idempotency import KeyReused
from mela.kernel.money import Paise
from mela.services.payments import tables as ours
from mela.services.payments.app import SERVICE as PAYMENTS
from mela.services.payments.model import Actor, Outcome, ProviderPayment, Word
from mela.services.payments.store import payments as store
from mela.simulators.gateway import signature
from mela.simulators.gateway import tables as theirs
from tests import postgres
from tests.kit import Running, running
from tests.proofs import components
from tests.service.payments.world import PAYMENTS_ENVIRON, World, world

CLIENTS = 64


@dataclass
class Pods:
    """Payments, once or twice, with one provider."""

    shop: World
    each: list[Running]

    async def at_once(self, *calls: Callable[[Any], Awaitable[Any]]) -> list[Any]:
        """Every call at the same moment, at one pod after the other: its answer, or the error that refused it."""
        return await asyncio.gather(*(self._insist(call, n) for n, call in enumerate(calls)))

    async def _insist(self, call: Callable[[Any], Awaitable[Any]], n: int) -> Any:
        while True:
            try:
                return await call(self.each[n % len(self.each)].service)
            except Retryable:
                await asyncio.sleep(0.01)
            except MelaError as refused:
                return refused


@pytest.fixture(params=["sqlite", "postgresql"])
async def pods(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pods]:
    with ExitStack() as stack:
        if request.param == "postgresql":
            components.need("postgres")
            server = stack.enter_context(postgres.server(options="-c fsync=off -c full_page_writes=off"))
            monkeypatch.setenv("MELA_TEST_POSTGRES", server)
        async with world(tmp_path, request.param) as shop:
            if request.param == "sqlite":
                yield Pods(shop, [shop.payments])
                return
            http, url = shop.payments.service._desk.at("gateway")._http, shop.payments.url
            async with running(
                PAYMENTS, tmp_path, url=url, clock=shop.clock, http=http, environ=PAYMENTS_ENVIRON
            ) as second:
                yield Pods(shop, [shop.payments, second])


async def test_02_sixty_four_clients_with_one_key_are_charged_once(pods: Pods) -> None:
    ask: dict[str, Any] = {
        "key": "one",
        "order_id": "order",
        "amount": 129_900,
        "method": "upi",
        "description": "",
        "seconds": 600,
    }
    made = await pods.at_once(*[lambda payments: payments.start(**ask)] * CLIENTS)
    assert len({payment.id for payment in made}) == 1
    assert await pods.shop.gateway.db.read(_count, theirs.payments) == 1
    other = await pods.at_once(*[lambda payments: payments.start(**ask | {"amount": 1_000})] * CLIENTS)
    assert {error.code for error in other} == {KeyReused.code}
    paid = [await pods.shop.approve(made[0]) for _ in range(3)]
    assert all(answer.is_success for answer in paid)
    assert await pods.shop.balance("escrow") == -129_900


async def test_02_sixty_four_refunds_of_one_payment_give_back_no_more_than_was_paid(pods: Pods) -> None:
    payment = await pods.shop.paid(10_000)
    each = [
        lambda payments, n=n: payments.refund(key=f"back-{n}", payment_id=payment.id, amount=900, reason="returned")
        for n in range(CLIENTS)
    ]
    told = await pods.at_once(*each)
    assert sum(not isinstance(answer, MelaError) for answer in told) == 11
    assert all(isinstance(answer, RefundTooLarge) for answer in told if isinstance(answer, MelaError))
    await pods.shop.pass_time(60)
    assert (await pods.shop.now(payment)).refunded == 9_900
    assert (await pods.shop.books())["totals"]["refunded"] == {"count": 11, "amount": 9_900}
    assert (await pods.shop.check())["agrees"]


async def test_02_of_a_capture_and_a_letting_go_one_wins_and_the_provider_did_the_same(pods: Pods) -> None:
    ends = set()
    for turn in range(8):
        payment = await pods.shop.authorized(10_000)
        both = [
            lambda payments, p=payment: payments.capture(key=f"take-{p.id}", payment_id=p.id, amount=10_000),
            lambda payments, p=payment: payments.cancel(payment_id=p.id, reason="changed_mind"),
        ]
        told = await pods.at_once(*(both if turn % 2 else reversed(both)))
        refused = [answer for answer in told if isinstance(answer, MelaError)]
        assert all(isinstance(answer, Conflict | CapturePending) for answer in refused)
        for _ in range(3):
            await pods.shop.pass_time(60)
        now = await pods.shop.now(payment)
        assert (now.state, now.captured) in {(PaymentState.CAPTURED, 10_000), (PaymentState.CANCELLED, 0)}
        ends.add((now.state, await _status_there(pods.shop, payment)))
    assert ends <= {(PaymentState.CAPTURED, "captured"), (PaymentState.CANCELLED, "voided")}
    check = await pods.shop.check()
    assert (check["balanced"], check["agrees"], check["cases"]) == (True, True, [])


async def test_02_callback_status_check_and_expiry_meet_and_the_money_stands_once(pods: Pods) -> None:
    shop = pods.shop
    payments = [await shop.start(1_000 + n, seconds=60) for n in range(16)]
    shop.wires.cut.add("payments")  # callbacks are brought by hand
    for payment in payments[::2]:
        await shop.approve(payment)
    shop.clock.advance(61)
    await shop.gateway.run_job("let_time_pass")
    box = [(row.id, row.body.encode()) for row in await shop.gateway.db.read(_callbacks)]
    calls: list[Callable[[Any], Awaitable[Any]]] = [partial(_tell, event_id, body) for event_id, body in box * 3]
    calls[::4] = [_look] * len(calls[::4])
    calls += [partial(_give_up, payment.id) for payment in payments]
    await pods.at_once(*calls)
    shop.wires.cut.discard("payments")
    for _ in range(4):
        await shop.pass_time(400)
    for number, payment in enumerate(payments):
        now = await shop.now(payment)
        if number % 2:
            assert (now.state, now.refunded) in {(PaymentState.EXPIRED, 0), (PaymentState.CANCELLED, 0)}
        else:
            assert (now.state, now.refunded) in {(PaymentState.CAPTURED, 0), (PaymentState.CANCELLED, payment.amount)}
    check = await shop.check()
    assert (check["balanced"], check["agrees"], check["cases"]) == (True, True, [])
    assert await shop.payments.db.read(_count, ours.transfers) >= len(payments) // 2


async def test_02_all_words_about_a_payment_at_once_make_one_story(pods: Pods) -> None:
    """Its history is a chain without a gap, its money came once, and it is kept or on its way back."""
    payments = [await pods.shop.start(1_000 + n) for n in range(12)]
    calls: list[Callable[[Any], Awaitable[Any]]] = []
    for turn, payment in enumerate(payments):
        words: list[Callable[[Any], Awaitable[Any]]] = [
            *(partial(_say, payment, Word.CAPTURED, event=name) for name in ("first", "first", "second")),
            *(partial(_say, payment, word) for word in (Word.DEEMED, Word.CREATED, Word.FAILED, Word.DEEMED)),
            partial(_give_up, payment.id),
        ]
        calls += words[turn % len(words) :] + words[: turn % len(words)]
    told = await pods.at_once(*calls)
    assert not [answer for answer in told if not isinstance(answer, Outcome | Payment)]
    for payment in payments:
        now, history = await pods.shop.payments.db.read(store.look, payment.id)
        assert [step["to"] for step in history][-1] == now.state
        assert all(before["to"] == after["from"] for before, after in itertools.pairwise(history))
        assert now.captured == payment.amount
        assert now.refunded == (0 if now.state is PaymentState.CAPTURED else payment.amount)
        assert now.rrn == "000000000001"
        assert await pods.shop.payments.db.read(_entries, f"capture:{payment.id}") == 1
    assert (await pods.shop.check())["balanced"]


@pytest.mark.parametrize("pods", ["postgresql"], indirect=True)
@pytest.mark.parametrize("held", [True, False], ids=["held", "not held"])
async def test_02_a_word_waits_for_the_one_before_it_or_would_undo_it(
    pods: Pods, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*Deemed* comes while *captured* is not committed yet. Where the row is not held, it is read too early and written over."""
    if not held:
        monkeypatch.setattr(store, "_HOLD", store._BY_ID)
    payment, (first, second) = await pods.shop.start(10_000), (pod.db for pod in pods.each)
    is_in, may_end = threading.Event(), threading.Event()

    @row_guarded
    def slow(conn: Connection) -> Outcome:
        outcome = store.apply(conn, _word(payment, Word.CAPTURED), provider="gateway", actor=Actor.CALLBACK, now=now)
        is_in.set()
        assert may_end.wait(10)
        return outcome

    now = pods.shop.clock.now()
    captured = asyncio.create_task(first.run(slow))
    assert await asyncio.to_thread(is_in.wait, 10)
    deemed = asyncio.create_task(
        second.run(store.apply, _word(payment, Word.DEEMED), provider="gateway", actor=Actor.CHECK, now=now)
    )
    async with asyncio.timeout(10):
        while not await first.read(_waiting_for_a_lock):  # PostgreSQL tells nobody
            await asyncio.sleep(0.005)
    may_end.set()
    assert (await captured, await deemed) == (Outcome.MOVED, Outcome.NOTHING)
    after, history = await first.read(store.look, payment.id)
    story = [step["to"] for step in history], after.rrn
    kept, lost = (["pending", "captured"], "000000000001"), (["pending", "pending"], None)
    assert story == (kept if held else lost)


def _word(payment: Payment, word: Word) -> ProviderPayment:
    rrn = "000000000001" if word is Word.CAPTURED else None
    return ProviderPayment(f"gp_{payment.id}", payment.id, word, Paise(payment.amount), rrn=rrn)


async def _say(payment: Payment, word: Word, service: Any, *, event: str | None = None) -> Outcome:
    db: Database = service._db
    actor, name = (Actor.CHECK, None) if event is None else (Actor.CALLBACK, (f"{payment.id}:{event}", "payment"))
    now = service._clock.now()
    return await db.run(
        store.apply, _word(payment, word), provider="gateway", actor=actor, now=now, due=now, event=name
    )


def _waiting_for_a_lock(conn: Connection) -> bool:
    return bool(conn.execute(text("select count(*) from pg_locks where not granted")).scalar_one())


def _entries(conn: Connection, key: str) -> int:
    wanted = select(func.count()).select_from(ours.transfers).where(ours.transfers.c.key == key)
    return int(conn.execute(wanted).scalar_one())


async def _tell(event_id: str, body: bytes, service: Any) -> Any:
    return await service.take_callback("gateway", headers=_signed(event_id, body), body=body)


async def _look(service: Any) -> Any:
    return await service.ask_gateway()


async def _give_up(payment_id: str, service: Any) -> Any:
    return await service.cancel(payment_id=payment_id, reason="too late")


async def _status_there(shop: World, payment: Payment) -> str:
    bill = await shop.bill(payment)
    wanted = select(theirs.payments.c.status).where(theirs.payments.c.id == bill)
    return str(await shop.gateway.db.read(lambda conn: conn.execute(wanted).scalar_one()))


def _signed(event_id: str, body: bytes) -> dict[str, str]:
    return {signature.HEADER.lower(): signature.hex_hmac("hook", body), signature.EVENT_ID.lower(): event_id}


def _callbacks(conn: Connection) -> list[Any]:
    return list(conn.execute(select(theirs.callbacks).order_by(theirs.callbacks.c.id)))


def _count(conn: Connection, table: Any) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())
