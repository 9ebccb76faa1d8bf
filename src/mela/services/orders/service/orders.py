"""The use cases of orders."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from mela.contracts.catalog import Catalog, Line, OutOfStock, PricedLine, ReservationLost
from mela.contracts.payments import (
    BadInstrument,
    BankDown,
    Instrument,
    Method,
    Payer,
    PaymentReady,
    PaymentRefunded,
    Payments,
    PaymentState,
    Refund,
    RefundFailed,
    RefundRetried,
    RefundTooLarge,
)
from mela.kernel import i18n, idempotency, ids
from mela.kernel.clock import Clock, india_date
from mela.kernel.db import Database
from mela.kernel.errors import MelaError, NotFound, Rejected
from mela.kernel.events import Delivery
from mela.kernel.money import Paise
from mela.services.orders import rules, store
from mela.services.orders.model import Address, Order, OrderState, Return, Step
from mela.services.orders.service import paper
from mela.services.orders.service.changes import Changes
from mela.services.orders.settings import OrdersSettings

log = structlog.get_logger()


class EmptyCart(Rejected):
    """There is nothing to buy."""

    code = "orders.empty_cart"


class UnknownPaper(NotFound):
    """No invoice or credit note of this order has this number. Params: number."""

    code = "orders.unknown_paper"


class Orders:
    """Cart, checkout and the order's life. Needs its own database, a catalogue and somebody who takes payments."""

    def __init__(
        self, db: Database, catalog: Catalog, payments: Payments, clock: Clock, settings: OrdersSettings,
        states_by_prefix: Mapping[str, Sequence[str]], texts: i18n.Messages,
    ) -> None:  # fmt: skip
        self._db, self._catalog, self._payments, self._clock = db, catalog, payments, clock
        self._settings, self._states_by_prefix, self._texts = settings, states_by_prefix, texts
        self._changes = Changes(lambda order_ids: db.read(store.versions, order_ids))

    async def find(self, order_id: str, customer_id: str) -> Order:
        """A customer's order. Raises: UnknownOrder."""
        return await self._db.read(store.get, order_id, customer_id=customer_id)

    async def follow(self, order_id: str, customer_id: str, seen: OrderState, wait_s: float) -> Order:
        """The order once it is in another state than `seen`, or as it is after `wait_s` seconds. Raises: UnknownOrder."""
        limit, changed = self._clock.monotonic() + wait_s, asyncio.Event()
        with self.changes(order_id, changed):
            while True:
                changed.clear()
                order = await self.find(order_id, customer_id)
                left = limit - self._clock.monotonic()
                if order.state is not seen or left <= 0:
                    return order
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await changed.wait()

    def changes(self, order_id: str, changed: asyncio.Event) -> AbstractContextManager[None]:
        """Have `changed` set at each change of an order, here or in another process, for as long as the block runs."""
        return self._changes.of(order_id, changed)

    async def page(self, customer_id: str, before: str | None, limit: int) -> list[Order]:
        """A customer's orders, newest first, those made before the order `before`."""
        return await self._db.read(store.page, customer_id, before, limit)

    async def invoices(self, order_id: str, customer_id: str) -> list[rules.Invoice]:
        """The invoices of an order, one per seller. Raises: UnknownOrder."""
        await self.find(order_id, customer_id)
        return await self._db.read(store.invoices_of, order_id)

    async def credit_notes(self, order_id: str, customer_id: str) -> list[rules.CreditNote]:
        """What the invoices of an order said too much. Raises: UnknownOrder."""
        await self.find(order_id, customer_id)
        return await self._db.read(store.credit_notes_of, order_id)

    async def paper(self, order_id: str, customer_id: str, number: str, lang: str) -> bytes:
        """An invoice or a credit note of an order as PDF. Raises: UnknownOrder, UnknownPaper."""
        invoices, notes = await self.invoices(order_id, customer_id), await self.credit_notes(order_id, customer_id)
        both: list[paper.Paper] = [*invoices, *notes]
        found = next((each for each in both if each.number == number), None)
        if found is None:
            raise UnknownPaper(number=number)
        return await asyncio.to_thread(paper.pdf, found, lang, self._texts)

    async def returns(self, order_id: str, customer_id: str) -> list[Return]:
        """The returns of an order. Raises: UnknownOrder."""
        await self.find(order_id, customer_id)
        return await self._db.read(store.returns_of, order_id)

    async def cart(self, customer_id: str, city: str | None) -> list[PricedLine]:
        """The cart with today's prices."""
        return await self._price(await self._db.read(store.cart, customer_id), city)

    async def put_in_cart(self, customer_id: str, sku: str, quantity: int, city: str | None) -> list[PricedLine]:
        """Set the pieces of a sku; 0 takes it out. Raises: UnknownSku, CartFull."""
        before = await self._db.read(store.cart, customer_id)
        wanted = {line.sku: line.quantity for line in before} | {sku: quantity}
        priced = await self._price([Line(s, n) for s, n in wanted.items() if n], city)
        content = await self._db.run(store.put_in_cart, customer_id, Line(sku, quantity), self._clock.now())
        if content == [Line(line.sku, line.quantity) for line in priced]:
            return priced
        return await self._price(content, city)  # another window has changed it meanwhile

    async def checkout(
        self,
        *,
        customer_id: str,
        key: str,
        address: Address,
        method: Method,
        city: str | None,
        device: str | None = None,
        instrument: Instrument | None = None,
    ) -> Order:
        """Turn the cart into an order that waits for its payment. The same key again returns the same order as it is now.

        Raises: EmptyCart, WrongPin, CartChanged; and with the cart as before OutOfStock, BadInstrument, BankDown.
        """
        rules.check_address(address, self._states_by_prefix)
        means = instrument or Instrument()
        request = [method, city, vars(address), *(vars(means).values() if instrument else ())]
        known, content = await self._db.read(store.begin, customer_id, key, request)
        if known is not None:
            return await self.drive(known)
        if not content:
            raise EmptyCart
        draft = await self._draft(customer_id, await self._price(content, city), address, method, city)
        draft = replace(draft, device=device, instrument=means)
        made = await self._db.run(store.place, draft, key, request)
        return await self._go_on(draft) if made == draft.id else await self.drive(made)

    async def drive(self, order_id: str) -> Order:
        """Take an order as far as it can go by itself; repeatable, from wherever it stands. Raises: OutOfStock."""
        return await self._go_on(await self._db.read(store.get, order_id))

    async def _go_on(self, order: Order) -> Order:
        if order.state is OrderState.PLACED:
            order = await self._start_payment(order)
        if order.state is OrderState.CANCELLING:
            order = await self._finish_cancel(order)
        return order

    async def paid(self, order_id: str, payment_id: str, actor: str) -> Order:
        """The money is there: sell the stock and write the invoices. If the stock has gone, give the money back."""
        order = await self._db.read(store.get, order_id)
        if order.state in (OrderState.CANCELLING, OrderState.CANCELLED):
            refund = await self._return_money(order, payment_id)
            if refund is not None:
                order = await self._change(store.refund_begun, order_id, refund, self._clock.now())
        if OrderState.CONFIRMED not in rules.NEXT[order.state]:
            return order
        try:
            await self._catalog.commit(key=order_id, buyer=order.customer_id)
        except ReservationLost:
            await self._change(store.cancel, order_id, "stock_lost", "catalog", self._clock.now())
            return await self.drive(order_id)
        sellers = await self._catalog.sellers(ids=sorted({line.seller_id for line in order.lines}))
        return await self._change(store.confirm, order_id, payment_id, sellers, actor, self._clock.now())

    async def cash_collected(self, delivery: Delivery, order_id: str, payment_id: str) -> None:
        """The cash of a cash order has been handed over: its sellers have money coming, once."""
        await self._db.run(store.cash_collected, delivery, order_id, payment_id, self._clock.now())

    async def refunded(self, event: PaymentRefunded) -> None:
        """A refund has reached the payer."""
        await self._change(store.refunded, event)

    async def payment_ready(self, event: PaymentReady) -> None:
        """A payment that could not begin at once can be made now."""
        await self._change(store.payment_ready, event)

    async def refund_failed(self, event: RefundFailed) -> None:
        """The gateway refused a refund."""
        await self._change(store.refund_failed, event)

    async def refund_retried(self, event: RefundRetried) -> None:
        """A refund that was refused is tried once more."""
        await self._change(store.refund_retried, event)

    async def unpaid(self, order_id: str, reason: str) -> Order:
        """No money will come: give the stock back. Cash orders are confirmed before their money is there."""
        order = await self._db.read(store.get, order_id)
        waits = order.state in (OrderState.PLACED, OrderState.AWAITING_PAYMENT)
        if waits or (order.state is OrderState.CONFIRMED and order.method == "cod"):
            await self._change(store.cancel, order_id, reason, "payments", self._clock.now())
        return await self.drive(order_id)

    async def cancel(self, order_id: str, *, customer_id: str | None, reason: str, actor: str) -> Order:
        """Cancel an order that has not left; money goes back. Raises: UnknownOrder, CannotChange."""
        await self._db.read(store.get, order_id, customer_id=customer_id)
        await self._change(store.cancel, order_id, reason, actor, self._clock.now())
        return await self.drive(order_id)

    async def ship(self, order_id: str, actor: str) -> Order:
        """The parcel has left. Raises: CannotChange."""
        return await self._change(store.change, order_id, OrderState.SHIPPED, "shipped", actor, self._clock.now())

    async def deliver(self, order_id: str, actor: str) -> Order:
        """The parcel is with the customer, the cash with us. Raises: CannotChange."""
        order = await self._change(store.change, order_id, OrderState.DELIVERED, "delivered", actor, self._clock.now())
        if order.method == "cod" and order.payment_id:
            await self._payments.collect_cash(key=f"{order_id}:cash", payment_id=order.payment_id)
        return order

    async def ask_return(
        self, order_id: str, quantities: Mapping[str, int], reason: str, *, customer_id: str, key: str
    ) -> Return:
        """The customer wants to send pieces back. Raises: UnknownOrder, CannotReturn."""
        found = await self._db.run(
            store.ask_return, order_id, quantities, reason, customer_id=customer_id, key=key,
            within_days=self._settings.return_within_days, now=self._clock.now(),
        )  # fmt: skip
        self._changes.tell(order_id)
        return found

    async def receive_return(self, return_id: str) -> Return:
        """The pieces are back: for sale again, and their money on its way. Repeatable. Raises: UnknownReturn."""
        found = await self._db.read(store.get_return, return_id)
        order = await self._db.read(store.get, found.order_id)
        if found.refund_id or not order.payment_id:
            return found
        await self._catalog.restock(key=return_id, lines=[Line(sku, n) for sku, n in found.quantities.items()])
        refund = await self._payments.refund(
            key=return_id, payment_id=order.payment_id, amount=found.amount, reason="returned"
        )
        found = await self._db.run(store.return_refunding, return_id, refund, self._clock.now())
        self._changes.tell(found.order_id)
        return found

    async def forget_keys(self) -> None:
        """Drop idempotency keys of long ago."""
        await self._db.run(idempotency.forget, self._clock.now() - timedelta(days=self._settings.key_days))

    async def drive_stuck(self) -> None:
        """Take up what a crash or a peer's outage left in the middle."""
        before = self._clock.now() - timedelta(seconds=self._settings.stuck_after_s)
        for order_id in await self._db.read(store.stuck, before, 100):
            try:
                await self.drive(order_id)
            except MelaError as error:
                log.warning("order still stuck", order=order_id, reason=str(error))

    async def _start_payment(self, order: Order) -> Order:
        """Hold the stock, begin the payment. Raises: OutOfStock, BadInstrument, BankDown, after cancelling the order."""
        lines = [Line(line.sku, line.quantity) for line in order.lines]
        try:
            await self._catalog.reserve(key=order.id, lines=lines, seconds=self._settings.hold_s)
        except OutOfStock:
            await self._change(store.give_up, order.id, "out_of_stock", "catalog", self._clock.now())
            await self.drive(order.id)
            raise
        try:
            payment = await self._payments.start(
                key=order.id, order_id=order.id, amount=order.total, method=order.method, description=f"Mela {order.id[-6:]}",
                seconds=self._settings.pay_within_s, payer=_payer(order), instrument=order.instrument,
            )  # fmt: skip
        except (BadInstrument, BankDown):
            await self._change(store.give_up, order.id, "payment_refused", "payments", self._clock.now())
            await self.drive(order.id)
            raise
        if payment.state in (PaymentState.FAILED, PaymentState.EXPIRED):
            return await self.unpaid(order.id, payment.reason or payment.state.value)
        if order.method == "cod":  # confirmed at once; the cash comes at the door
            return await self.paid(order.id, payment.id, "checkout")
        return await self._change(
            store.await_payment, order.id, payment.id, payment.intent_url, payment.expires, self._clock.now(),
            payment.reason or "payment_started",
        )  # fmt: skip

    async def _finish_cancel(self, order: Order) -> Order:
        """Give back stock and money, each once, then close the order."""
        await self._catalog.release(key=order.id)
        refund = await self._return_money(order, order.payment_id)
        return await self._change(store.cancelled, order.id, refund, self._clock.now())

    async def _return_money(self, order: Order, payment_id: str | None) -> Refund | None:
        """Give back what was captured; the refund, None where there is none. What is captured later comes back here."""
        if payment_id is None:
            return None
        payment = await self._payments.cancel(payment_id=payment_id, reason=order.reason)
        if payment.state is not PaymentState.CAPTURED:
            return None
        try:
            return await self._payments.refund(
                key=f"{order.id}:cancel", payment_id=payment_id, amount=order.total, reason=order.reason
            )
        except RefundTooLarge:  # money that arrived after the payment was cancelled: payments has sent it back itself
            return None

    async def _change(self, unit: Callable[..., Order], *args: Any) -> Order:
        """Run a unit that moves an order on, and wake who waits for it."""
        order = await self._db.run(unit, *args)
        self._changes.tell(order.id)
        return order

    async def _price(self, lines: list[Line], city: str | None) -> list[PricedLine]:
        if not lines:
            return []
        return await self._catalog.price(lines=lines, city=city, on=india_date(self._clock.now()))

    async def _draft(
        self, customer_id: str, priced: list[PricedLine], address: Address, method: Method, city: str | None
    ) -> Order:
        now: datetime = self._clock.now()
        sellers = await self._catalog.sellers(ids=sorted({line.seller_id for line in priced}))
        states = {seller.id: seller.state_code for seller in sellers}
        lines = tuple(rules.order_line(p, same_state=states[p.seller_id] == address.state_code) for p in priced)
        first = Step(OrderState.PLACED, "checkout", "customer", now)
        values: dict[str, Any] = {"payment_id": None, "intent_url": None, "created": now, "updated": now}
        return Order(
            id=ids.new_id("ord"), customer_id=customer_id, state=OrderState.PLACED, reason="checkout", method=method, city=city,
            address=address, total=Paise(sum(line.gross for line in lines)), refunded=Paise(0), lines=lines, history=(first,),
            **values,
        )  # fmt: skip


def _payer(order: Order) -> Payer:
    """Who pays for an order, as payments judges it."""
    sellers = sorted({line.seller_id for line in order.lines})
    return Payer(order.customer_id, order.address.name, order.device, order.address.state_code, sellers)
