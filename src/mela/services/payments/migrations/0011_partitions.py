"""The ledger in a partition for each month on PostgreSQL: what there was becomes the first of them, and no row is copied.

One table cannot say "once per key" over partitions, so `transfer_keys` says it: a trigger notes there under which key each transfer is, and where.
On SQLite nothing changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011_partitions"
down_revision = "0010_merchants"

BEFORE = """
    lock table transfers in access exclusive mode;
    alter table transfers rename to transfers_history;
    alter table transfers_history drop constraint transfers_pkey, drop constraint transfers_once,
        add constraint transfers_history_pkey primary key (id, at);
    alter index transfers_debit rename to transfers_history_debit;
    alter index transfers_credit rename to transfers_history_credit;
    drop trigger transfers_no_change on transfers_history;
    create table transfers (
        id bigint not null default nextval('transfers_id_seq'), key varchar(140) not null, line integer not null,
        debit varchar(162) not null, credit varchar(162) not null, amount bigint not null, kind varchar(40) not null,
        payment_id varchar(40), at bigint not null, constraint transfers_pkey primary key (id, at),
        constraint transfers_above_zero check (amount > 0), constraint transfers_between_two check (debit <> credit)
    ) partition by range (at);
    alter sequence transfers_id_seq owned by transfers.id;
    create index transfers_debit on transfers (debit, id);
    create index transfers_credit on transfers (credit, id);
    create table transfers_elsewhere partition of transfers default;
    create table transfer_keys (
        key varchar(140), line integer, id bigint not null, at bigint not null, primary key (key, line)
    );
    insert into transfer_keys (key, line, id, at) select key, line, id, at from transfers_history
"""
FIRST_END = """
    select cast(extract(epoch from date_trunc('month', greatest(
        now() at time zone 'UTC', (select to_timestamp(max(at) / 1000000.0) at time zone 'UTC' from transfers_history)
    )) + interval '1 month') * 1000000 as bigint)
"""
AFTER = """
    create function transfer_is_new() returns trigger language plpgsql as
        $$ begin
            insert into transfer_keys (key, line, id, at) values (new.key, new.line, new.id, new.at); return null;
        end $$;
    create trigger transfers_once after insert on transfers for each row execute function transfer_is_new();
    create trigger transfers_no_change before update or delete on transfers
        for each row execute function ledger_is_append_only();
    create trigger transfers_no_truncate before truncate on transfers execute function ledger_is_append_only();
    create trigger transfers_no_truncate before truncate on transfers_elsewhere execute function ledger_is_append_only();
    create trigger transfer_keys_no_change before update or delete on transfer_keys
        for each row execute function ledger_is_append_only();
    create trigger transfer_keys_no_truncate before truncate on transfer_keys execute function ledger_is_append_only()
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute(BEFORE)
    end = int(op.get_bind().execute(sa.text(FIRST_END)).scalar_one())
    op.execute(f"alter table transfers attach partition transfers_history for values from (minvalue) to ({end})")
    op.execute(AFTER)
