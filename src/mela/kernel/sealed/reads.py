"""Who read what of whom: noted where a value is opened, and kept before the answer with it leaves.

A request has one `Reading`. A customer reads only what is theirs, which is not kept; what code does by itself, on an event
or a timer, has no request: nobody looks there. All else that a person, a seller or another service gets to see is a row in
`personal_reads`, which the database refuses to change, and to drop within a year.

हिन्दी: किसने, कब, किसकी और किस रास्ते से जानकारी देखी, यह जवाब भेजने से पहले लिखा जाता है और बदला नहीं जा सकता।
"""

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Column, Connection, Index, MetaData, String, Table, and_, delete, select, text

from mela.kernel.auth import Principal
from mela.kernel.db.columns import Instant
from mela.kernel.db.database import row_guarded

KEPT_DAYS = 365
"""Source: DPDP Rules 2025, logs kept for one year; CERT-In's 180 days lie within, https://www.barandbench.com/amp/story/view-point/meity-notifies-final-digital-personal-data-protection-rules-2025 (2025-11)."""

metadata = MetaData()
personal_reads = Table(
    "personal_reads", metadata,
    Column("id", String(40), primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("by_kind", String(10), nullable=False),
    Column("by_id", String(80), nullable=False),
    Column("route", String(120), nullable=False),
    Column("request", String(40), nullable=False),
    Column("what", String(60), nullable=False),
    Column("row", String(120), nullable=False),
    Index("personal_reads_of_row", "row", "id"),
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    """One look at one sealed value: `what` is `table.column`, `row` its primary key, `route` why it was opened."""

    id: str
    at: datetime
    by_kind: str
    by_id: str
    route: str
    request: str
    what: str
    row: str


@dataclass
class Reading:
    """What one request has read: `seen` holds service, column and row; `by` is known once the caller has proved who it is."""

    by: Principal | None = None
    seen: dict[tuple[str, str, str], None] = field(default_factory=dict)

    def take(self) -> list[tuple[str, str, str]]:
        """What is to be kept and was not yet: nothing of a customer's own."""
        seen, self.seen = list(self.seen), {}
        return seen if self.by is not None and self.by.kind != "customer" else []


Keeper = Callable[[Principal, Sequence[tuple[str, str, str]], str, str], Awaitable[None]]
"""Keeps what a principal has seen by a route in a request; durable when it returns."""
CURRENT: ContextVar[Reading | None] = ContextVar("reading", default=None)


def note(service: str, name: str, identity: str) -> None:
    """A value of column `name` in the row `identity` was opened."""
    reading = CURRENT.get()
    if reading is not None:
        reading.seen[service, name, identity] = None


def prove(principal: Principal) -> None:
    """The caller of this request has proved who it is."""
    reading = CURRENT.get()
    if reading is not None:
        reading.by = principal


@row_guarded
def keep(conn: Connection, reads: Sequence[Read]) -> None:
    """Write them down."""
    conn.execute(personal_reads.insert(), [asdict(read) for read in reads])


def page(
    conn: Connection, before: str | None, limit: int, *, row: str | None = None, by: str | None = None
) -> list[Read]:
    """Reads, newest first, those before the read `before`: all, or of one row, or by one caller."""
    wanted = [
        *([personal_reads.c.id < before] if before else []),
        *([personal_reads.c.row == row] if row else []),
        *([personal_reads.c.by_id == by] if by else []),
    ]
    rows = conn.execute(
        select(personal_reads).where(and_(True, *wanted)).order_by(personal_reads.c.id.desc()).limit(limit)
    )
    return [Read(**found._mapping) for found in rows]  # noqa: SLF001


def forget(conn: Connection, before: datetime) -> int:
    """Drop those of before `before`; the database refuses it for younger ones than it keeps."""
    return conn.execute(delete(personal_reads).where(personal_reads.c.at < before)).rowcount


def create_reads(conn: Connection) -> None:
    """Create the table and what keeps it as it is: called by a service's migration."""
    metadata.create_all(conn)
    for statement in _ONLY_ADDED[conn.dialect.name]:
        conn.execute(text(statement))


_YEAR_S = KEPT_DAYS * 86_400
_ONLY_ADDED = {
    "sqlite": [
        """create trigger personal_reads_no_update before update on personal_reads
           begin select raise(abort, 'reads of personal data are only added'); end""",
        f"""create trigger personal_reads_no_delete before delete on personal_reads
            when old.at > (cast(strftime('%s', 'now') as integer) - {_YEAR_S}) * 1000000
            begin select raise(abort, 'reads of personal data are kept for a year'); end""",
    ],
    "postgresql": [
        f"""create function personal_reads_stay() returns trigger language plpgsql as
            $$ begin
              if tg_op = 'DELETE' and old.at <= (extract(epoch from now()) - {_YEAR_S}) * 1000000 then return old; end if;
              raise exception 'reads of personal data are only added, and kept for a year';
            end $$""",
        """create trigger personal_reads_no_change before update or delete on personal_reads
           for each row execute function personal_reads_stay()""",
        """create function personal_reads_stay_all() returns trigger language plpgsql as
           $$ begin raise exception 'reads of personal data are only added'; end $$""",
        """create trigger personal_reads_no_truncate before truncate on personal_reads
           execute function personal_reads_stay_all()""",
    ],
}
