"""Goods that come back, and money that goes back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from mela.contracts.payments import PaymentRefunded, Refund, RefundFailed, RefundRetried
from mela.kernel import idempotency, ids
from mela.kernel.errors import NotFound
from mela.kernel.money import Paise
from mela.services.orders import rules
from mela.services.orders.model import Order, OrderRefund, OrderState, RefundState, Return, ReturnState
from mela.services.orders.store import papers, rows
from mela.services.orders.tables import returns


class UnknownReturn(NotFound):
    """No return has this id. Params: return_id."""

    code = "orders.unknown_return"


def refund_begun(conn: Connection, order_id: str, refund: Refund, now: datetime) -> Order:
    """Money of an order that was not wanted any more is on its way back. Known already: nothing happens."""
    order = rows.get(conn, order_id)
    return rows.keep_refunds(conn, order, rules.with_refund(order.refunds, rows.begun(refund, refund.reason, now)))


def refunded(conn: Connection, event: PaymentRefunded) -> Order:
    """A refund has reached the payer; counted once per refund."""
    order = rows.get(conn, event.order_id)
    conn.execute(update(returns).where(returns.c.refund_id == event.refund_id).values(state=ReturnState.REFUNDED.value))
    return _settle(conn, order, event, RefundState.PROCESSED)


def refund_failed(conn: Connection, event: RefundFailed) -> Order:
    """A refund was refused; its return stays received, as no money has come. Counted once per refund."""
    return _settle(conn, rows.get(conn, event.order_id), event, RefundState.FAILED)


def refund_retried(conn: Connection, event: RefundRetried) -> Order:
    """A refused refund is tried once more: the return that waited for the first waits for the second. Counted once."""
    order = rows.get(conn, event.order_id)
    first = next((each for each in order.refunds if each.id == event.instead_of), None)
    reason, return_id = (first.reason, first.return_id) if first else (order.reason, None)
    second = OrderRefund(event.refund_id, event.amount, RefundState.PENDING, reason, return_id, event.at)
    waits = returns.c.refund_id == event.instead_of
    conn.execute(update(returns).where(waits).values(refund_id=event.refund_id))
    return rows.keep_refunds(conn, order, rules.with_refund(order.refunds, second))


def ask_return(
    conn: Connection, order_id: str, quantities: Mapping[str, int], reason: str, *, customer_id: str, key: str, within_days: int, now: datetime
) -> Return:  # fmt: skip
    """Record that goods will come back; the same key again returns the same. Raises: CannotReturn, UnknownOrder."""
    order = rows.get(conn, order_id, customer_id=customer_id)
    fresh = ids.new_id("ret")
    made = idempotency.claim(
        conn, owner=customer_id, key=key, request=[order_id, dict(quantities), reason], result=fresh, now=now
    )
    if made != fresh:
        return get_return(conn, made)
    delivered = next((step.at for step in order.history if step.state is OrderState.DELIVERED), now)
    parts = rules.check_return(order, quantities, delivered, now, within_days)
    amount = Paise(sum(part.gross for part in parts))
    rows.keep_lines(conn, order, {part.sku: part.quantity for part in parts})
    conn.execute(returns.insert(), {
        "id": fresh, "order_id": order_id, "state": ReturnState.REQUESTED.value, "reason": reason,
        "quantities": dict(quantities), "amount": amount, "refund_id": None, "created": now,
    })  # fmt: skip
    return get_return(conn, fresh)


def return_refunding(conn: Connection, return_id: str, refund: Refund, now: datetime) -> Return:
    """The goods are back and the refund has begun; sellers hear of it once."""
    found = get_return(conn, return_id)
    if found.refund_id is None:
        order = rows.get(conn, found.order_id)
        begun = rows.begun(refund, found.reason, now, return_id)
        order = rows.keep_refunds(conn, order, rules.with_refund(order.refunds, begun))
        before = {line.sku: line.returned - found.quantities.get(line.sku, 0) for line in order.lines}
        parts = [rules.part_of(replace(line, returned=before[line.sku]), found.quantities[line.sku])
                 for line in order.lines if line.sku in found.quantities]  # fmt: skip
        rows.unsell(conn, order, refund.id, parts, now)
        papers.write_credit_notes(conn, order, parts, return_id, found.reason, refund.id, now)
        state = rules.return_state(order.refunds, refund.id)
        values = {"state": state.value, "refund_id": refund.id}
        conn.execute(update(returns).where(returns.c.id == return_id).values(values))
        if all(line.returned == line.quantity for line in order.lines):
            rows.move(conn, order, OrderState.RETURNED, "all_returned", "orders", now)
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
    mine = conn.execute(select(returns.c.id).where(returns.c.order_id == order_id).order_by(returns.c.id))
    return [get_return(conn, row.id) for row in mine.all()]


def _settle(conn: Connection, order: Order, event: PaymentRefunded | RefundFailed, state: RefundState) -> Order:
    fresh = OrderRefund(event.refund_id, event.amount, RefundState.PENDING, order.reason, None, event.at)
    return rows.keep_refunds(conn, order, rules.settled(order.refunds, fresh, state, event.at))
