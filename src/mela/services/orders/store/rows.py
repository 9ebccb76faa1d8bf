"""An order and its row: read, moved on, kept. Below the units, but for `get`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Connection, bindparam, select, update

from mela.contracts.orders import OrderSold, OrderUnsold
from mela.contracts.payments import Instrument, Refund
from mela.kernel import events
from mela.kernel.db.database import after_commit
from mela.kernel.errors import NotFound
from mela.kernel.money import Paise
from mela.services.orders import rules
from mela.services.orders.model import Address, Order, OrderLine, OrderRefund, OrderState, RefundState, Step
from mela.services.orders.tables import credit_notes, invoices, orders

PERSONAL = (orders, invoices, credit_notes)
"""Tables with sealed columns."""
MOVED = Counter("mela_orders_total", "Orders, by the state they came to", ["state"])

_BY_ID = select(orders).where(orders.c.id == bindparam("id"))
_MOVED = ("state", "reason", "updated", "history", "payment_id", "intent_url", "pay_before", "version", "refunds")
_MOVE = update(orders).where(orders.c.id == bindparam("of")).values({name: bindparam(name) for name in _MOVED})


class UnknownOrder(NotFound):
    """No order of this customer has this id. Params: order_id."""

    code = "orders.unknown_order"


def get(conn: Connection, order_id: str, *, customer_id: str | None = None) -> Order:
    """An order; with `customer_id` only that customer's. Raises: UnknownOrder."""
    row = conn.execute(_BY_ID, {"id": order_id}).one_or_none()
    if row is None or customer_id not in (None, row.customer_id):
        raise UnknownOrder(order_id=order_id)
    return from_row(row)


def was_confirmed(order: Order) -> bool:
    """Whether the order's stock was sold at some time."""
    return any(step.state is OrderState.CONFIRMED for step in order.history)


def was_sold(order: Order) -> bool:
    """Whether settlement has been told of a sale: prepaid and confirmed."""
    return order.method != "cod" and was_confirmed(order)


def sell(conn: Connection, order: Order, payment_id: str, now: datetime) -> None:
    """Tell settlement that sellers have money coming, in this unit."""
    events.emit(conn, OrderSold(order.id, payment_id, [rules.sold_line(line) for line in order.lines], now))


def unsell(conn: Connection, order: Order, refund_id: str, parts: Sequence[OrderLine], now: datetime) -> None:
    """Tell settlement that these parts are no sale any more, in this unit."""
    lines = [rules.sold_line(replace(part, returned=0), part.quantity) for part in parts]
    events.emit(conn, OrderUnsold(order.id, refund_id, lines, now))


def move(
    conn: Connection, order: Order, state: OrderState, reason: str, actor: str, now: datetime, **values: Any
) -> Order:
    """Change the state and write it into the history. Raises: CannotChange."""
    rules.check_change(order.state, state)
    steps = (*order.history, Step(state, reason, actor, now))
    moved = replace(order, state=state, reason=reason, updated=now, history=steps, version=order.version + 1, **values)
    columns = to_row(moved)
    conn.execute(_MOVE, {"of": order.id, **{name: columns[name] for name in _MOVED}})
    after_commit(conn, MOVED.labels(state.value).inc)
    return moved


def keep_lines(conn: Connection, order: Order, came_back: Mapping[str, int]) -> None:
    """Note how many pieces of each sku have come back."""
    lines = [replace(line, returned=line.returned + came_back.get(line.sku, 0)) for line in order.lines]
    values = {"lines": [asdict(line) for line in lines], "version": order.version + 1}
    conn.execute(update(orders).where(orders.c.id == order.id).values(values))


def begun(refund: Refund, reason: str, now: datetime, return_id: str | None = None) -> OrderRefund:
    """A refund that has only just begun."""
    return OrderRefund(refund.id, refund.amount, RefundState.PENDING, reason, return_id, now)


def keep_refunds(conn: Connection, order: Order, refunds: tuple[OrderRefund, ...]) -> Order:
    """Write an order's refunds, and the sum of those that have reached the payer, where something changed."""
    if refunds == order.refunds:
        return order
    done = Paise(sum(each.amount for each in refunds if each.state is RefundState.PROCESSED))
    values = {"refunds": [asdict(each) for each in refunds], "refunded": done, "version": order.version + 1}
    conn.execute(update(orders).where(orders.c.id == order.id).values(values))
    return replace(order, refunds=refunds, refunded=done, version=order.version + 1)


def to_row(order: Order) -> dict[str, Any]:
    """An order as its row holds it."""
    columns = {column.name: getattr(order, column.name) for column in orders.columns}
    return columns | {
        "state": order.state.value,
        "address": asdict(order.address),
        "instrument": {name: value for name, value in vars(order.instrument).items() if value is not None},
        "lines": [asdict(line) for line in order.lines],
        "history": [asdict(step) for step in order.history],
        "refunds": [asdict(refund) for refund in order.refunds],
    }


def from_row(row: Any) -> Order:
    """The order in a row."""
    return Order(
        id=row.id, customer_id=row.customer_id, state=OrderState(row.state), reason=row.reason, method=row.method, city=row.city,
        address=Address(**row.address), total=Paise(row.total), refunded=Paise(row.refunded), payment_id=row.payment_id,
        intent_url=row.intent_url, created=row.created, updated=row.updated, pay_before=row.pay_before, version=row.version,
        lines=tuple(OrderLine(**line) for line in row.lines),
        history=tuple(Step(OrderState(s["state"]), s["reason"], s["actor"], datetime.fromisoformat(s["at"])) for s in row.history),
        refunds=tuple(map(_refund, row.refunds)), device=row.device, erased=row.erased, instrument=Instrument(**row.instrument),
    )  # fmt: skip


def _refund(kept: Mapping[str, Any]) -> OrderRefund:
    moments = {name: kept[name] and datetime.fromisoformat(kept[name]) for name in ("begun", "settled")}
    return OrderRefund(**{**kept, **moments, "state": RefundState(kept["state"])})
