"""A version that grows with each change of an order, its refunds, and until when it can be paid."""

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0002_versions"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("orders", sa.Column("pay_before", Instant))
    op.add_column("orders", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("orders", sa.Column("refunds", sa.Text, nullable=False, server_default="[]"))
    conn = op.get_bind()
    seen = conn.execute(sa.text("select refund_id, order_id, amount from order_refunds_seen")).all()
    for order_id in {row.order_id for row in seen}:
        known = [_refund(conn, row) for row in seen if row.order_id == order_id]
        statement = sa.text("update orders set refunds = :refunds where id = :id")
        conn.execute(statement, {"refunds": orjson.dumps(known).decode(), "id": order_id})
    op.drop_table("order_refunds_seen")


def _refund(conn: sa.Connection, seen: sa.Row[Any]) -> dict[str, object]:
    """What is known of a refund of before: when it came is not, so it gets the moment of the order's last change."""
    one = {"id": seen.order_id, "refund": seen.refund_id}
    microseconds = conn.execute(sa.text("select updated from orders where id = :id"), one).scalar_one()
    of = conn.execute(sa.text("select id from order_returns where refund_id = :refund"), one).scalar()
    at = Instant().process_result_value(microseconds, conn.dialect)
    return {"id": seen.refund_id, "amount": seen.amount, "state": "processed", "reason": "", "return_id": of,
            "begun": at, "settled": at}  # fmt: skip
