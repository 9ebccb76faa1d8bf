"""Customers, codes, tokens."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import events, idempotency
from mela.kernel.db import Instant, Json

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("phone", sa.String(16), nullable=False, unique=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
    op.create_table(
        "codes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created", Instant, nullable=False, index=True),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_by", sa.String(40)),
    )
    op.create_index("codes_of_phone", "codes", ["phone", "created"])
    op.create_table(
        "outgoing_codes",
        sa.Column("code_id", sa.String(40), primary_key=True),
        sa.Column("phone", sa.String(16), nullable=False, index=True),
        sa.Column("due", Instant, nullable=False, index=True),
    )
    op.create_table(
        "tokens",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("seen", Instant, nullable=False),
        sa.Column("expires", Instant, index=True),
        sa.Column("revoked", Instant),
    )
    op.create_index("tokens_of_owner", "tokens", ["kind", "owner", "id"])
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("value", sa.String(80), nullable=False),
    )
    events.create_tables(op.get_bind())
    idempotency.create_tables(op.get_bind())
