import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002_second", "0001_first"


def upgrade() -> None:
    op.add_column("things", sa.Column("left", sa.Integer, nullable=False, server_default="7"))
    op.execute("insert into things (name) values ('made by the migration')")
