"""Bank accounts are sealed. What is plain stays readable until the job has sealed it."""

import sqlalchemy as sa
from alembic import op

from mela.kernel import sealed

revision = "0002_sealed"
down_revision = "0001_initial"


def upgrade() -> None:
    sealed.create_tables(op.get_bind())
    sealed.create_reads(op.get_bind())
    with op.batch_alter_table("bank_accounts") as accounts:
        accounts.alter_column("name", type_=sa.Text, existing_nullable=False)
        accounts.alter_column("account", type_=sa.Text, existing_nullable=False)
