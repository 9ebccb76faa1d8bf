"""Cart, checkout and the life of an order."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from mela.contracts.catalog import Line, Seller
from mela.contracts.payments import PaymentReady, Refund
from mela.kernel import events, idempotency, sealed
from mela.kernel.db.database import after_commit
from mela.kernel.db.statements import insert_new, upsert
from mela.kernel.errors import Conflict, Rejected
from mela.services.orders import rules
from mela.services.orders.model import Order, OrderState
from mela.services.orders.store import papers, rows
from mela.services.orders.tables import cart_items, orders

# Built once: building a statement costs more than running it.
_CART = (
    select(cart_items.c.sku, cart_items.c.quantity)
    .where(cart_items.c.customer_id == bindparam("customer_id"))
    .order_by(cart_items.c.added, cart_items.c.sku)
)
_TAKE_OUT = delete(cart_items).where(
    and_(cart_items.c.customer_id == bindparam("customer_id"), cart_items.c.sku == bindparam("sku"))
)
_EMPTY_CART = delete(cart_items).where(cart_items.c.customer_id == bindparam("customer_id"))
_PLACE = orders.insert()
_LINK = update(orders).where(orders.c.id == bindparam("of"))
_VERSIONS = select(orders.c.id, orders.c.version).where(orders.c.id.in_(bindparam("ids", expanding=True)))


class CartChanged(Conflict):
    """The cart is no longer what was priced; look at it again."""

    code = "orders.cart_changed"


class CartFull(Rejected):
    """More different items, or more pieces of one, than a cart holds. Params: lines, pieces."""

    code = "orders.cart_full"


# The cart.


def cart(conn: Connection, customer_id: str) -> list[Line]:
    """What is in the cart, in the order in which it was put there."""
    return [Line(sku, quantity) for sku, quantity in conn.execute(_CART, {"customer_id": customer_id})]


def put_in_cart(conn: Connection, customer_id: str, line: Line, now: datetime) -> list[Line]:
    """Have so many pieces of a sku in the cart; 0 takes it out. Returns the cart. Raises: CartFull."""
    if line.quantity == 0:
        conn.execute(_TAKE_OUT, {"customer_id": customer_id, "sku": line.sku})
    else:
        row = {"customer_id": customer_id, "sku": line.sku, "quantity": line.quantity, "added": now}
        upsert(conn, cart_items, row, key=[cart_items.c.customer_id, cart_items.c.sku], keep=[cart_items.c.added])
    content = cart(conn, customer_id)
    if len(content) > rules.MAX_LINES:
        raise CartFull(lines=rules.MAX_LINES, pieces=rules.MAX_PIECES)
    return content


# Checkout.


def begin(conn: Connection, customer_id: str, key: str, request: object) -> tuple[str | None, list[Line]]:
    """The order that this key made before, or None and the cart. Raises: KeyReused."""
    known = idempotency.find(conn, owner=customer_id, key=key, request=request)
    return known, [] if known else cart(conn, customer_id)


def place(conn: Connection, order: Order, key: str, request: object) -> str:
    """Turn the cart into an order; the id of the order that this key made, now or before. Raises: CartChanged, KeyReused."""
    made = idempotency.claim(
        conn, owner=order.customer_id, key=key, request=request, result=order.id, now=order.created
    )
    if made != order.id:
        return made
    content = {line.sku: line.quantity for line in cart(conn, order.customer_id)}
    if content != {line.sku: line.quantity for line in order.lines}:
        raise CartChanged
    conn.execute(_EMPTY_CART, {"customer_id": order.customer_id})
    conn.execute(_PLACE, sealed.row(orders, rows.to_row(order)))
    after_commit(conn, rows.MOVED.labels(order.state.value).inc)
    return order.id


def await_payment(
    conn: Connection, order_id: str, payment_id: str, intent_url: str | None, pay_before: datetime | None, now: datetime,
    reason: str,
) -> Order:  # fmt: skip
    """The payment has begun. An order that has gone on meanwhile stays as it is."""
    order = rows.get(conn, order_id)
    if order.state is not OrderState.PLACED:
        return order
    return rows.move(conn, order, OrderState.AWAITING_PAYMENT, reason, "checkout", now,
                 payment_id=payment_id, intent_url=intent_url, pay_before=pay_before)  # fmt: skip


def payment_ready(conn: Connection, event: PaymentReady) -> Order:
    """The payer can pay now. An order that waits no more, or knows the link, stays as it is."""
    order = rows.get(conn, event.order_id)
    if order.state is not OrderState.AWAITING_PAYMENT or order.intent_url is not None:
        return order
    values: dict[str, Any] = {"intent_url": event.intent_url, "reason": "payment_started", "version": order.version + 1}
    conn.execute(_LINK, {"of": order.id, **values})
    return replace(order, **values)


def confirm(
    conn: Connection, order_id: str, payment_id: str, sellers: Sequence[Seller], actor: str, now: datetime
) -> Order:
    """Stock is sold and the money is there, or will be handed over: write the invoices, tell settlement.

    Done before: nothing happens. An order on its way to cancellation stays so.
    """
    order = rows.get(conn, order_id)
    if OrderState.CONFIRMED not in rules.NEXT[order.state]:
        return order
    prepaid = order.method != "cod"
    reason = "paid" if prepaid else "cash_on_delivery"
    order = rows.move(conn, order, OrderState.CONFIRMED, reason, actor, now, payment_id=payment_id)
    for seller in sellers:
        papers.write_invoice(conn, order, seller, now)
    if prepaid:
        rows.sell(conn, order, payment_id, now)
    return order


def cash_collected(conn: Connection, delivery: events.Delivery, order_id: str, payment_id: str, now: datetime) -> None:
    """The cash of a cash order has been handed over: its sellers have money coming."""
    if events.first_time(conn, delivery):
        rows.sell(conn, rows.get(conn, order_id), payment_id, now)


# The order's life.


def change(conn: Connection, order_id: str, wanted: OrderState, reason: str, actor: str, now: datetime) -> Order:
    """Move on as the rules allow; to the state it has already: nothing happens. Raises: CannotChange."""
    order = rows.get(conn, order_id)
    return order if order.state is wanted else rows.move(conn, order, wanted, reason, actor, now)


def cancel(conn: Connection, order_id: str, reason: str, actor: str, now: datetime) -> Order:
    """Begin to cancel; cancelling or cancelled already: nothing happens. Raises: CannotChange."""
    order = rows.get(conn, order_id)
    if order.state in (OrderState.CANCELLING, OrderState.CANCELLED):
        return order
    return rows.move(conn, order, OrderState.CANCELLING, reason, actor, now)


def give_up(conn: Connection, order_id: str, reason: str, actor: str, now: datetime) -> Order:
    """Cancel what could not be held or paid like that, and put it back into the cart."""
    order = cancel(conn, order_id, reason, actor, now)
    wanted = [
        {"customer_id": order.customer_id, "sku": line.sku, "quantity": line.quantity, "added": now}
        for line in order.lines
    ]
    insert_new(conn, cart_items, wanted)
    return order


def cancelled(conn: Connection, order_id: str, refund: Refund | None, now: datetime) -> Order:
    """Stock and money are on their way back. Of a sold order settlement hears that it is not."""
    order = rows.get(conn, order_id)
    if order.state is not OrderState.CANCELLING:
        return order
    if refund and rows.was_sold(order):
        rows.unsell(conn, order, refund.id, order.lines, now)
    if rows.was_confirmed(order):
        papers.write_credit_notes(conn, order, order.lines, order.id, order.reason, refund.id if refund else None, now)
    refunds = rules.with_refund(order.refunds, rows.begun(refund, order.reason, now)) if refund else order.refunds
    return rows.move(conn, order, OrderState.CANCELLED, order.reason, "orders", now, refunds=refunds)


# Reading.


def page(conn: Connection, customer_id: str, before: str | None, limit: int) -> list[Order]:
    """A customer's orders, newest first, those made before the order `before`."""
    mine = orders.c.customer_id == customer_id
    older = mine if before is None else and_(mine, orders.c.id < before)
    return [
        rows.from_row(row)
        for row in conn.execute(select(orders).where(older).order_by(orders.c.id.desc()).limit(limit))
    ]


def versions(conn: Connection, order_ids: Sequence[str]) -> dict[str, int]:
    """The versions of orders by id."""
    return {row.id: row.version for row in conn.execute(_VERSIONS, {"ids": order_ids})}


def stuck(conn: Connection, before: datetime, limit: int) -> list[str]:
    """Orders in the middle of a step since before `before`, oldest first."""
    middle = orders.c.state.in_((OrderState.PLACED.value, OrderState.CANCELLING.value))
    query = select(orders.c.id).where(and_(middle, orders.c.updated < before)).order_by(orders.c.updated).limit(limit)
    return [row.id for row in conn.execute(query)]
