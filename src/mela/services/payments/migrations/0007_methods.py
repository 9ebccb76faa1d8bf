"""Cards, net banking and wallets; payments that are authorised first and captured later, in one part or in several."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant, Json

revision = "0007_methods"
down_revision = "0006_risk"

MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "payments": {
        "created": ("pending", "authorized", "captured", "failed", "expired", "cancelled"),
        "pending": ("authorized", "captured", "failed", "expired", "cancelled"),
        "authorized": ("captured", "failed", "expired", "cancelled"),
    },
    "captures": {"pending": ("done", "failed")},
}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute("drop trigger payments_moves" if sqlite else "drop trigger payments_moves on payments")
    op.add_column("payments", sa.Column("captured", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("update payments set captured = amount where state = 'captured' or rrn is not null")
    op.add_column("payments", sa.Column("instrument", Json, nullable=False, server_default="{}"))
    op.add_column("payments", sa.Column("paid_with", sa.String(40)))
    op.add_column("payments", sa.Column("capture", sa.Boolean, nullable=False, server_default=sa.true()))
    if not sqlite:  # which keeps longer texts than it was told
        op.alter_column("payments", "method", type_=sa.String(10))
    op.create_table(
        "captures",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("payment_id", sa.String(40), nullable=False, index=True),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created", Instant, nullable=False),
        sa.Column("due", Instant, index=True),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    for table, moves in MOVES.items():
        for statement in _only_moves(table, moves, sqlite=sqlite):
            op.execute(statement)


def _only_moves(table: str, moves: dict[str, tuple[str, ...]], *, sqlite: bool) -> list[str]:
    """Statements that make the database refuse any other change of `state`."""
    allowed = " or ".join(f"(old.state = '{a}' and new.state in ({_listed(after)}))" for a, after in moves.items())
    illegal = f"old.state <> new.state and not ({allowed})"
    if sqlite:
        return [
            f"""create trigger {table}_moves before update of state on {table} when {illegal}
                begin select raise(abort, 'illegal move of {table}'); end"""
        ]
    return [
        f"""create or replace function {table}_refuse_move() returns trigger language plpgsql as
            $$ begin raise exception 'illegal move of {table}'; end $$""",
        f"""create trigger {table}_moves before update of state on {table} for each row when ({illegal})
            execute function {table}_refuse_move()""",
    ]


def _listed(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)
