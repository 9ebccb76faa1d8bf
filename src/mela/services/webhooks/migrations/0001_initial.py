"""Endpoints, signing keys, messages, deliveries and attempts."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import events, idempotency
from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("description", sa.String(120), nullable=False),
        sa.Column("types", Json, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("disabled", sa.String(10)),
        sa.Column("disabled_at", Instant),
        sa.Column("failing_since", Instant),
    )
    op.create_index("endpoints_of_owner", "endpoints", ["owner", "id"])
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("expires", Instant),
    )
    op.create_index("ix_signing_keys_endpoint_id", "signing_keys", ["endpoint_id"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
    op.create_index("ix_messages_created", "messages", ["created"])
    _deliveries()
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("latency_ms", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.String(200)),
        sa.Column("answer", sa.Text, nullable=False),
    )
    op.create_index("ix_attempts_at", "attempts", ["at"])
    events.create_tables(op.get_bind())
    idempotency.create_tables(op.get_bind())


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("due", Instant),
        sa.Column("leased", Instant),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("before", sa.Integer, nullable=False),
        sa.Column("last_error", sa.String(200)),
        sa.Column("finished", Instant),
    )
    op.create_index("ix_deliveries_created", "deliveries", ["created"])
    op.create_index("deliveries_of_owner", "deliveries", ["owner", "id"])
    op.create_index("deliveries_of_endpoint", "deliveries", ["endpoint_id", "id"])
    partial = {
        "deliveries_due": (["endpoint_id", "due"], "state = 'waiting'"),
        "deliveries_leased": (["endpoint_id", "leased"], "leased IS NOT NULL"),
        "deliveries_dead": (["owner", "id"], "state = 'dead'"),
    }
    for name, (columns, where) in partial.items():
        op.create_index(name, "deliveries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
