"""What became of cases: a row for each that was closed, which nobody can change."""

import sqlalchemy as sa
from alembic import op

from mela.kernel.db import Instant

revision = "0004_closings"
down_revision = "0003_reconciliations"


def upgrade() -> None:
    op.create_table(
        "closings",
        sa.Column("case_id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("resolution", sa.String(40), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("refund_id", sa.String(40)),
        sa.Column("at", Instant, nullable=False),
    )
    for statement in _only_added(sqlite=op.get_bind().dialect.name == "sqlite"):
        op.execute(statement)


def _only_added(*, sqlite: bool) -> list[str]:
    """Statements that make the database refuse to change or drop a row."""
    if sqlite:
        return [
            f"""create trigger closings_no_{verb} before {verb} on closings
                begin select raise(abort, 'closings are only added'); end"""
            for verb in ("update", "delete")
        ]
    return [
        """create function closings_refuse_change() returns trigger language plpgsql as
            $$ begin raise exception 'closings are only added'; end $$""",
        """create trigger closings_no_change before update or delete on closings for each row
            execute function closings_refuse_change()""",
    ]
