"""Signing secrets are sealed under the keyring. Those of before stay as they were, within, until they are rotated out."""

from alembic import op

from mela.kernel import sealed

revision = "0003_sealed"
down_revision = "0002_about"


def upgrade() -> None:
    sealed.create_tables(op.get_bind())
    sealed.create_reads(op.get_bind())
