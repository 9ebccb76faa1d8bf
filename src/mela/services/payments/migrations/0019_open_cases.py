"""Which cases are open stands with the case, so that a list of them reads no closed ones."""

import sqlalchemy as sa
from alembic import op

revision = "0019_open_cases"
down_revision = "0018_found_among_many"


def upgrade() -> None:
    op.add_column("cases", sa.Column("open", sa.Boolean, nullable=False, server_default=sa.true()))
    op.execute("update cases set open = false where id in (select case_id from closings)")
    op.create_index("cases_open", "cases", ["id"], sqlite_where=sa.text("open = 1"), postgresql_where=sa.text("open"))
