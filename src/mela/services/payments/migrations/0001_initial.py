"""Payments, refunds, callbacks, cases, events, and a ledger that refuses changes."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import events
from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
APPEND_ONLY = {
    "sqlite": [
        f"create trigger transfers_no_{verb} before {verb} on transfers begin "
        "select raise(abort, 'the ledger is append-only'); end"
        for verb in ("update", "delete")
    ],
    "postgresql": [
        """create function ledger_is_append_only() returns trigger language plpgsql as
           $$ begin raise exception 'the ledger is append-only'; end $$""",
        """create trigger transfers_no_change before update or delete on transfers
           for each row execute function ledger_is_append_only()""",
        "create trigger transfers_no_truncate before truncate on transfers execute function ledger_is_append_only()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("order_id", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("refunded", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String(8), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("description", sa.String(80), nullable=False),
        sa.Column("gateway_id", sa.String(40)),
        sa.Column("intent_url", sa.String(1200)),
        sa.Column("rrn", sa.String(20)),
        sa.Column("history", Json, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("expires", Instant),
        sa.Column("due", Instant, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.CheckConstraint("refunded >= 0 and refunded <= amount", name="refunds_within_amount"),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("payment_id", sa.String(40), nullable=False, index=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("due", Instant, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_table(
        "transfers",
        sa.Column("id", SERIAL, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(140), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("debit", sa.String(162), nullable=False),
        sa.Column("credit", sa.String(162), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("payment_id", sa.String(40)),
        sa.Column("at", Instant, nullable=False),
        sa.UniqueConstraint("key", "line", name="transfers_once"),
        sa.CheckConstraint("amount > 0", name="transfers_above_zero"),
        sa.CheckConstraint("debit <> credit", name="transfers_between_two"),
        sqlite_autoincrement=True,
    )
    op.create_index("transfers_debit", "transfers", ["debit", "id"])
    op.create_index("transfers_credit", "transfers", ["credit", "id"])
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table(
        "callbacks",
        sa.Column("event_id", sa.String(80), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("received", Instant, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("about", sa.String(60), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("opened", Instant, nullable=False),
        sa.UniqueConstraint("kind", "about", name="cases_once"),
    )
    events.create_tables(op.get_bind())
