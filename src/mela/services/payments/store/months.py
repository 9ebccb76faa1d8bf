"""The ledger's partitions on PostgreSQL, a month each, made before they are needed. On SQLite the ledger is one table."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from mela.kernel.db import Instant
from mela.services.payments.rules import months
from mela.services.payments.store import cases

STRAY = "ledger_outside_months"
_LAST_END = text("""
    select max(cast(substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \\(''?(-?\\d+)''?\\)') as bigint)) as last_end
    from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'transfers'::regclass
""").columns(last_end=Instant)
_MAKE = """
    create table {name} (like transfers including defaults including constraints);
    create trigger transfers_no_truncate before truncate on {name} execute function ledger_is_append_only();
    alter table transfers attach partition {name} for values from ({start}) to ({end})
"""
_FIRST_STRAY = text("select min(at) as at, count(*) as size from transfers_elsewhere").columns(at=Instant)


def make_ahead(conn: Connection, now: datetime) -> list[str]:
    """Make the months that are missing; their names. One process at a time; readers and writers go on.

    Source: https://www.postgresql.org/docs/15/ddl-partitioning.html (2026-11-27): ATTACH PARTITION takes SHARE UPDATE
    EXCLUSIVE on the parent, and looks through the default partition, which is empty.
    """
    if conn.dialect.name != "postgresql":
        return []
    conn.execute(text("lock table transfers in share update exclusive mode"))
    conn.execute(text("set local lock_timeout = '2s'"))
    missing = list(months.ahead(conn.execute(_LAST_END).scalar_one(), now))
    for start, end in missing:
        conn.execute(text(_MAKE.format(name=months.name(start), start=_micros(start), end=_micros(end))))
    return [months.name(start) for start, _ in missing]


def stray(conn: Connection) -> int:
    """Transfers in no month: there must be none. They count and are sealed like others."""
    return int(conn.execute(_FIRST_STRAY).one().size) if conn.dialect.name == "postgresql" else 0


def park_stray(conn: Connection, now: datetime) -> None:
    """A person has to give such transfers their months."""
    found = conn.execute(_FIRST_STRAY).one()
    detail = {"transfers": found.size, "first": found.at.isoformat()}
    cases.park(conn, STRAY, months.name(found.at), detail, now)


def _micros(moment: datetime) -> int:
    return (moment - months.EPOCH) // timedelta(microseconds=1)
