import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001_first", None


def upgrade() -> None:
    op.create_table("things", sa.Column("name", sa.String(40), primary_key=True))
