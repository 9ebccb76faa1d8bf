"""The ledger sealed in blocks, sums of accounts by day, and a database that refuses an illegal move of a payment."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0002_seals"
down_revision = "0001_initial"

SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOVES: dict[str, dict[str, tuple[str, ...]]] = {
    "payments": {
        "created": ("pending", "captured", "failed", "expired", "cancelled"),
        "pending": ("captured", "failed", "expired", "cancelled"),
    },
    "refunds": {"pending": ("processed", "failed")},
}


def upgrade() -> None:
    op.create_table(
        "seals",
        sa.Column("number", SERIAL, primary_key=True, autoincrement=False),
        sa.Column("last_id", sa.BigInteger, nullable=False, unique=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed", Instant, nullable=False),
    )
    op.create_index("seals_day", "seals", ["day", "number"])
    op.create_table(
        "totals",
        sa.Column("account", sa.String(162), primary_key=True),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("debits", sa.BigInteger, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
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
        f"""create function {table}_refuse_move() returns trigger language plpgsql as
            $$ begin raise exception 'illegal move of {table}'; end $$""",
        f"""create trigger {table}_moves before update of state on {table} for each row when ({illegal})
            execute function {table}_refuse_move()""",
    ]


def _listed(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)
