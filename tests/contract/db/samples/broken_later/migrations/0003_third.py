import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003_third", "0002_second"


def upgrade() -> None:
    op.create_table("half", sa.Column("name", sa.String(40), primary_key=True))
    op.execute("insert into half (name) values ('half')")
    op.execute("insert into nowhere values (1)")
