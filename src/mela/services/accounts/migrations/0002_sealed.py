"""Phones and names are sealed; phones are found by keyed hash. What is plain stays readable until the job has sealed it.

Both tables are made anew: SQLite cannot drop a constraint, and what is sealed is longer than what it was.
"""

import sqlalchemy as sa
from alembic import op

from mela.kernel import sealed
from mela.kernel.db import Instant

revision = "0002_sealed"
down_revision = "0001_initial"


def upgrade() -> None:
    sealed.create_tables(op.get_bind())
    op.create_table(
        "sealed_customers",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("phone_index", sa.String(64), unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created", Instant, nullable=False),
    )
    _replace("customers", "id, phone, name, language, created")
    op.create_table(
        "sealed_codes",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("phone", sa.Text, nullable=False),
        sa.Column("phone_index", sa.String(64)),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_by", sa.String(40)),
    )
    _replace("codes", "id, phone, language, created, expires, tries, used_by")
    op.create_index("codes_of_phone", "codes", ["phone_index", "created"])
    op.create_index("ix_codes_created", "codes", ["created"])
    op.drop_index("ix_outgoing_codes_phone", "outgoing_codes")
    op.drop_column("outgoing_codes", "phone")


def _replace(table: str, columns: str) -> None:
    op.execute(f"insert into sealed_{table} ({columns}) select {columns} from {table}")  # noqa: S608 - our own names
    op.drop_table(table)
    op.rename_table(f"sealed_{table}", table)
