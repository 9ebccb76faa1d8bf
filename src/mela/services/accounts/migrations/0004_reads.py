"""Who read personal data."""

from alembic import op

from mela.kernel import sealed

revision = "0004_reads"
down_revision = "0003_keys"


def upgrade() -> None:
    sealed.create_reads(op.get_bind())
