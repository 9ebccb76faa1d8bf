"""Every query of orders. Its public functions are the units of work."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Connection, Table, and_, bindparam, delete, select, update

from mela.contracts.catalog import Line, Seller
from mela.contracts.orders import OrderSold, OrderUnsold
from mela.contracts.payments import PaymentRefunded, Refund, RefundFailed
from mela.kernel import events, idempotency, ids, messages
from mela.kernel.clock import india_date
from mela.kernel.db.database import after_commit
from mela.kernel.db.statements import insert_new, upsert
from mela.kernel.errors import Conflict, NotFound, Rejected
from mela.kernel.money import Paise
from mela.services.orders import rules
from mela.services.orders.model import (
    Address,
    Order,
    OrderLine,
    OrderRefund,
    OrderState,
    RefundState,
    Return,
    ReturnState,
    Step,
)
from mela.services.orders.tables import cart_items, credit_notes, credit_serials, invoices, orders, returns, serials

MOVED = Counter("mela_orders_total", "Orders, by the state they came to", ["state"])

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
_BY_ID = select(orders).where(orders.c.id == bindparam("id"))
_PLACE = orders.insert()
_MOVED = ("state", "reason", "updated", "history", "payment_id", "intent_url", "pay_before", "version", "refunds")
_MOVE = update(orders).where(orders.c.id == bindparam("of")).values({name: bindparam(name) for name in _MOVED})
_VERSIONS = select(orders.c.id, orders.c.version).where(orders.c.id.in_(bindparam("ids", expanding=True)))
_NEXT_SERIAL = {
    table: update(table)
    .where(and_(table.c.gstin == bindparam("of"), table.c.financial_year == bindparam("in")))
    .values(last=table.c.last + 1)
    .returning(table.c.last)
    for table in (serials, credit_serials)
}
_ADD_INVOICE = invoices.insert()


class UnknownOrder(NotFound):
    """No order of this customer has this id. Params: order_id."""

    code = "orders.unknown_order"


class UnknownReturn(NotFound):
    """No return has this id. Params: return_id."""

    code = "orders.unknown_return"


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
    conn.execute(_PLACE, _row(order))
    after_commit(conn, MOVED.labels(order.state.value).inc)
    return order.id


def await_payment(
    conn: Connection, order_id: str, payment_id: str, intent_url: str | None, pay_before: datetime | None, now: datetime
) -> Order:
    """The payment has begun. An order that has gone on meanwhile stays as it is."""
    order = get(conn, order_id)
    if order.state is not OrderState.PLACED:
        return order
    return _move(conn, order, OrderState.AWAITING_PAYMENT, "payment_started", "checkout", now,
                 payment_id=payment_id, intent_url=intent_url, pay_before=pay_before)  # fmt: skip


def confirm(
    conn: Connection, order_id: str, payment_id: str, sellers: Sequence[Seller], actor: str, now: datetime
) -> Order:
    """Stock is sold and the money is there, or will be handed over: write the invoices, tell settlement.

    Done before: nothing happens. An order on its way to cancellation stays so.
    """
    order = get(conn, order_id)
    if OrderState.CONFIRMED not in rules.NEXT[order.state]:
        return order
    order = _move(conn, order, OrderState.CONFIRMED, "paid" if order.method == "upi" else "cash_on_delivery", actor, now,
                  payment_id=payment_id)  # fmt: skip
    for seller in sellers:
        _write_invoice(conn, order, seller, now)
    if order.method == "upi":
        _sell(conn, order, payment_id, now)
    return order


def cash_collected(conn: Connection, delivery: events.Delivery, order_id: str, payment_id: str, now: datetime) -> None:
    """The cash of a cash order has been handed over: its sellers have money coming."""
    if events.first_time(conn, delivery):
        _sell(conn, get(conn, order_id), payment_id, now)


# The order's life.


def change(conn: Connection, order_id: str, wanted: OrderState, reason: str, actor: str, now: datetime) -> Order:
    """Move on as the rules allow; to the state it has already: nothing happens. Raises: CannotChange."""
    order = get(conn, order_id)
    return order if order.state is wanted else _move(conn, order, wanted, reason, actor, now)


def cancel(conn: Connection, order_id: str, reason: str, actor: str, now: datetime) -> Order:
    """Begin to cancel; cancelling or cancelled already: nothing happens. Raises: CannotChange."""
    order = get(conn, order_id)
    if order.state in (OrderState.CANCELLING, OrderState.CANCELLED):
        return order
    return _move(conn, order, OrderState.CANCELLING, reason, actor, now)


def out_of_stock(conn: Connection, order_id: str, now: datetime) -> Order:
    """Cancel what could not be held, and put it back into the cart."""
    order = cancel(conn, order_id, "out_of_stock", "catalog", now)
    rows = [
        {"customer_id": order.customer_id, "sku": line.sku, "quantity": line.quantity, "added": now}
        for line in order.lines
    ]
    insert_new(conn, cart_items, rows)
    return order


def cancelled(conn: Connection, order_id: str, refund: Refund | None, now: datetime) -> Order:
    """Stock and money are on their way back. Of a sold order settlement hears that it is not."""
    order = get(conn, order_id)
    if order.state is not OrderState.CANCELLING:
        return order
    if refund and was_sold(order):
        _unsell(conn, order, refund.id, order.lines, now)
    if was_confirmed(order):
        _write_credit_notes(conn, order, order.lines, order.id, order.reason, refund.id if refund else None, now)
    refunds = rules.with_refund(order.refunds, _begun(refund, order.reason, now)) if refund else order.refunds
    return _move(conn, order, OrderState.CANCELLED, order.reason, "orders", now, refunds=refunds)


def refund_begun(conn: Connection, order_id: str, refund: Refund, now: datetime) -> Order:
    """Money of an order that was not wanted any more is on its way back. Known already: nothing happens."""
    order = get(conn, order_id)
    return _keep_refunds(conn, order, rules.with_refund(order.refunds, _begun(refund, refund.reason, now)))


def was_confirmed(order: Order) -> bool:
    """Whether the order's stock was sold at some time."""
    return any(step.state is OrderState.CONFIRMED for step in order.history)


def was_sold(order: Order) -> bool:
    """Whether settlement has been told of a sale: prepaid and confirmed."""
    return order.method == "upi" and was_confirmed(order)


def refunded(conn: Connection, event: PaymentRefunded) -> Order:
    """A refund has reached the payer; counted once per refund."""
    order = get(conn, event.order_id)
    conn.execute(update(returns).where(returns.c.refund_id == event.refund_id).values(state=ReturnState.REFUNDED.value))
    return _settle(conn, order, event, RefundState.PROCESSED)


def refund_failed(conn: Connection, event: RefundFailed) -> Order:
    """A refund was refused; its return stays received, as no money has come. Counted once per refund."""
    return _settle(conn, get(conn, event.order_id), event, RefundState.FAILED)


# Returns.


def ask_return(
    conn: Connection, order_id: str, quantities: Mapping[str, int], reason: str, *, customer_id: str, key: str, within_days: int, now: datetime
) -> Return:  # fmt: skip
    """Record that goods will come back; the same key again returns the same. Raises: CannotReturn, UnknownOrder."""
    order = get(conn, order_id, customer_id=customer_id)
    fresh = ids.new_id("ret")
    made = idempotency.claim(
        conn, owner=customer_id, key=key, request=[order_id, dict(quantities), reason], result=fresh, now=now
    )
    if made != fresh:
        return get_return(conn, made)
    delivered = next((step.at for step in order.history if step.state is OrderState.DELIVERED), now)
    parts = rules.check_return(order, quantities, delivered, now, within_days)
    amount = Paise(sum(part.gross for part in parts))
    _keep_lines(conn, order, {part.sku: part.quantity for part in parts})
    conn.execute(returns.insert(), {
        "id": fresh, "order_id": order_id, "state": ReturnState.REQUESTED.value, "reason": reason,
        "quantities": dict(quantities), "amount": amount, "refund_id": None, "created": now,
    })  # fmt: skip
    return get_return(conn, fresh)


def return_refunding(conn: Connection, return_id: str, refund: Refund, now: datetime) -> Return:
    """The goods are back and the refund has begun; sellers hear of it once."""
    found = get_return(conn, return_id)
    if found.refund_id is None:
        order = get(conn, found.order_id)
        begun = _begun(refund, found.reason, now, return_id)
        order = _keep_refunds(conn, order, rules.with_refund(order.refunds, begun))
        before = {line.sku: line.returned - found.quantities.get(line.sku, 0) for line in order.lines}
        parts = [rules.part_of(replace(line, returned=before[line.sku]), found.quantities[line.sku])
                 for line in order.lines if line.sku in found.quantities]  # fmt: skip
        _unsell(conn, order, refund.id, parts, now)
        _write_credit_notes(conn, order, parts, return_id, found.reason, refund.id, now)
        state = rules.return_state(order.refunds, refund.id)
        values = {"state": state.value, "refund_id": refund.id}
        conn.execute(update(returns).where(returns.c.id == return_id).values(values))
        if all(line.returned == line.quantity for line in order.lines):
            _move(conn, order, OrderState.RETURNED, "all_returned", "orders", now)
    return get_return(conn, return_id)


def get_return(conn: Connection, return_id: str) -> Return:
    """A return. Raises: UnknownReturn."""
    row = conn.execute(select(returns).where(returns.c.id == return_id)).one_or_none()
    if row is None:
        raise UnknownReturn(return_id=return_id)
    return Return(
        row.id,
        row.order_id,
        ReturnState(row.state),
        row.reason,
        row.quantities,
        Paise(row.amount),
        row.refund_id,
        row.created,
    )


def returns_of(conn: Connection, order_id: str) -> list[Return]:
    """The returns of an order, oldest first."""
    rows = conn.execute(select(returns.c.id).where(returns.c.order_id == order_id).order_by(returns.c.id))
    return [get_return(conn, row.id) for row in rows.all()]


# Reading.


def get(conn: Connection, order_id: str, *, customer_id: str | None = None) -> Order:
    """An order; with `customer_id` only that customer's. Raises: UnknownOrder."""
    row = conn.execute(_BY_ID, {"id": order_id}).one_or_none()
    if row is None or customer_id not in (None, row.customer_id):
        raise UnknownOrder(order_id=order_id)
    return _order(row)


def page(conn: Connection, customer_id: str, before: str | None, limit: int) -> list[Order]:
    """A customer's orders, newest first, those made before the order `before`."""
    mine = orders.c.customer_id == customer_id
    older = mine if before is None else and_(mine, orders.c.id < before)
    return [_order(row) for row in conn.execute(select(orders).where(older).order_by(orders.c.id.desc()).limit(limit))]


def versions(conn: Connection, order_ids: Sequence[str]) -> dict[str, int]:
    """The versions of orders by id."""
    return {row.id: row.version for row in conn.execute(_VERSIONS, {"ids": order_ids})}


def stuck(conn: Connection, before: datetime, limit: int) -> list[str]:
    """Orders in the middle of a step since before `before`, oldest first."""
    middle = orders.c.state.in_((OrderState.PLACED.value, OrderState.CANCELLING.value))
    query = select(orders.c.id).where(and_(middle, orders.c.updated < before)).order_by(orders.c.updated).limit(limit)
    return [row.id for row in conn.execute(query)]


def invoices_of(conn: Connection, order_id: str) -> list[rules.Invoice]:
    """The invoices of an order, one per seller."""
    rows = conn.execute(select(invoices.c.body).where(invoices.c.order_id == order_id).order_by(invoices.c.seller_id))
    return [messages.from_json(rules.Invoice, messages.to_json(row.body)) for row in rows]


def credit_notes_of(conn: Connection, order_id: str) -> list[rules.CreditNote]:
    """The credit notes of an order, in the order in which they were written."""
    mine = credit_notes.c.order_id == order_id
    rows = conn.execute(
        select(credit_notes.c.body)
        .where(mine)
        .order_by(credit_notes.c.financial_year, credit_notes.c.gstin, credit_notes.c.serial)
    )
    return [messages.from_json(rules.CreditNote, messages.to_json(row.body)) for row in rows]


def credit_serials_of(conn: Connection, gstin: str, financial_year: str) -> list[int]:
    """All credit note serials of a seller's year, in order: 1, 2, 3, … without a gap."""
    mine = and_(credit_notes.c.gstin == gstin, credit_notes.c.financial_year == financial_year)
    return list(conn.scalars(select(credit_notes.c.serial).where(mine).order_by(credit_notes.c.serial)))


def serials_of(conn: Connection, gstin: str, financial_year: str) -> list[int]:
    """All invoice serials of a seller's year, in order: 1, 2, 3, … without a gap."""
    mine = and_(invoices.c.gstin == gstin, invoices.c.financial_year == financial_year)
    return [row.serial for row in conn.execute(select(invoices.c.serial).where(mine).order_by(invoices.c.serial))]


# Below the units.


def _write_invoice(conn: Connection, order: Order, seller: Seller, now: datetime) -> None:
    """Allocate the next serial and write the invoice, in this unit: a serial is used or the unit never was."""
    year = rules.financial_year(now)
    serial = _next_serial(conn, serials, seller.gstin, year)
    number = rules.invoice_number(seller.id, year, serial)
    lines = [line for line in order.lines if line.seller_id == seller.id]
    made = rules.invoice(number, order.id, seller, order.address, lines, on=india_date(now))
    conn.execute(_ADD_INVOICE, {
        "gstin": seller.gstin, "financial_year": year, "serial": serial, "order_id": order.id, "seller_id": seller.id,
        "number": number, "body": made,
    })  # fmt: skip


def _write_credit_notes(
    conn: Connection, order: Order, parts: Sequence[OrderLine], cause: str, reason: str, refund_id: str | None, now: datetime
) -> None:  # fmt: skip
    """Take back what the sellers' invoices said of these parts; one credit note each, in the unit that begins the refund."""
    year = rules.financial_year(now)
    for invoice in invoices_of(conn, order.id):
        seller = invoice.seller
        own = [part for part in parts if part.seller_id == seller.id]
        if not own:
            continue
        serial = _next_serial(conn, credit_serials, seller.gstin, year)
        number = rules.credit_note_number(seller.id, year, serial)
        made = rules.credit_note(number, invoice, own, reason=reason, refund_id=refund_id, on=india_date(now))
        row = {
            "gstin": seller.gstin,
            "financial_year": year,
            "serial": serial,
            "order_id": order.id,
            "seller_id": seller.id,
        }
        conn.execute(credit_notes.insert(), row | {"cause": cause, "body": made})


def _next_serial(conn: Connection, table: Table, gstin: str, year: str) -> int:
    """The next of a seller's year: used, or this unit never was."""
    serial: int | None = conn.execute(_NEXT_SERIAL[table], {"of": gstin, "in": year}).scalar()
    if serial is None:
        conn.execute(table.insert(), {"gstin": gstin, "financial_year": year, "last": 1})
    return serial or 1


def _sell(conn: Connection, order: Order, payment_id: str, now: datetime) -> None:
    events.emit(conn, OrderSold(order.id, payment_id, [rules.sold_line(line) for line in order.lines], now))


def _unsell(conn: Connection, order: Order, refund_id: str, parts: Sequence[OrderLine], now: datetime) -> None:
    lines = [rules.sold_line(replace(part, returned=0), part.quantity) for part in parts]
    events.emit(conn, OrderUnsold(order.id, refund_id, lines, now))


def _move(
    conn: Connection, order: Order, state: OrderState, reason: str, actor: str, now: datetime, **values: Any
) -> Order:
    """Change the state and write it into the history. Raises: CannotChange."""
    rules.check_change(order.state, state)
    steps = (*order.history, Step(state, reason, actor, now))
    moved = replace(order, state=state, reason=reason, updated=now, history=steps, version=order.version + 1, **values)
    columns = _row(moved)
    conn.execute(_MOVE, {"of": order.id, **{name: columns[name] for name in _MOVED}})
    after_commit(conn, MOVED.labels(state.value).inc)
    return moved


def _keep_lines(conn: Connection, order: Order, came_back: Mapping[str, int]) -> None:
    lines = [replace(line, returned=line.returned + came_back.get(line.sku, 0)) for line in order.lines]
    values = {"lines": [asdict(line) for line in lines], "version": order.version + 1}
    conn.execute(update(orders).where(orders.c.id == order.id).values(values))


def _begun(refund: Refund, reason: str, now: datetime, return_id: str | None = None) -> OrderRefund:
    return OrderRefund(refund.id, refund.amount, RefundState.PENDING, reason, return_id, now)


def _settle(conn: Connection, order: Order, event: PaymentRefunded | RefundFailed, state: RefundState) -> Order:
    fresh = OrderRefund(event.refund_id, event.amount, RefundState.PENDING, order.reason, None, event.at)
    return _keep_refunds(conn, order, rules.settled(order.refunds, fresh, state, event.at))


def _keep_refunds(conn: Connection, order: Order, refunds: tuple[OrderRefund, ...]) -> Order:
    """Write an order's refunds, and the sum of those that have reached the payer, where something changed."""
    if refunds == order.refunds:
        return order
    done = Paise(sum(each.amount for each in refunds if each.state is RefundState.PROCESSED))
    values = {"refunds": [asdict(each) for each in refunds], "refunded": done, "version": order.version + 1}
    conn.execute(update(orders).where(orders.c.id == order.id).values(values))
    return replace(order, refunds=refunds, refunded=done, version=order.version + 1)


def _row(order: Order) -> dict[str, Any]:
    columns = {column.name: getattr(order, column.name) for column in orders.columns}
    return columns | {
        "state": order.state.value,
        "address": asdict(order.address),
        "lines": [asdict(line) for line in order.lines],
        "history": [asdict(step) for step in order.history],
        "refunds": [asdict(refund) for refund in order.refunds],
    }


def _order(row: Any) -> Order:
    return Order(
        id=row.id, customer_id=row.customer_id, state=OrderState(row.state), reason=row.reason, method=row.method, city=row.city,
        address=Address(**row.address), total=Paise(row.total), refunded=Paise(row.refunded), payment_id=row.payment_id,
        intent_url=row.intent_url, created=row.created, updated=row.updated, pay_before=row.pay_before, version=row.version,
        lines=tuple(OrderLine(**line) for line in row.lines),
        history=tuple(Step(OrderState(s["state"]), s["reason"], s["actor"], datetime.fromisoformat(s["at"])) for s in row.history),
        refunds=tuple(map(_refund, row.refunds)),
    )  # fmt: skip


def _refund(kept: Mapping[str, Any]) -> OrderRefund:
    moments = {name: kept[name] and datetime.fromisoformat(kept[name]) for name in ("begun", "settled")}
    return OrderRefund(**{**kept, **moments, "state": RefundState(kept["state"])})
