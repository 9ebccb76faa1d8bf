"""What is looked for among millions: a merchant's refunds, a payment by the merchant's name for it, what is held now."""

import sqlalchemy as sa
from alembic import op

revision = "0018_found_among_many"
down_revision = "0017_sealed"


def upgrade() -> None:
    op.add_column("refunds", sa.Column("merchant_id", sa.String(40)))
    op.execute("""
        update refunds set merchant_id = (select merchant_id from payments where payments.id = refunds.payment_id)
        where payment_id in (select id from payments where merchant_id is not null)
    """)
    of_merchant = sa.text("merchant_id IS NOT NULL")
    still_held = sa.text("released IS NULL")
    for name, table, columns, where in (
        ("refunds_of_merchant", "refunds", ["merchant_id", "id"], of_merchant),
        ("payments_reference", "payments", ["merchant_id", "reference", "created", "id"], of_merchant),
        ("holds_open", "holds", ["id"], still_held),
    ):
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
