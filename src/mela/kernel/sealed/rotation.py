"""New keys while everything runs: rows are sealed anew in batches, readable at every moment, resumable after any crash.

A pass walks a table by its primary key, and remembers where it is in the transaction that changed the rows. Each row changes
only if it is still what was read, so nobody's write is lost. Other processes learn a new key within seconds, until when they
may still seal under the old one: a pass counts as the last only if it began after that.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, Text, and_, column, create_engine, func, select, table, tuple_, update

from mela.kernel.clock import Clock
from mela.kernel.db import Database, row_guarded
from mela.kernel.db.migrate import driver_url
from mela.kernel.db.statements import insert_new
from mela.kernel.sealed.columns import indexes, sealed_names
from mela.kernel.sealed.keyring import MARK, Keyring, about, add_key
from mela.kernel.sealed.provider import KeyProvider
from mela.kernel.sealed.schema import data_keys, sealing

LEARN_S = 30
"""After so long every process has a new key: they look every `LOOK_S`."""
LOOK_S = 10.0
BATCH = 200


@dataclass(frozen=True)
class Progress:
    """How far a table is with key `number`: `done` rows were sealed anew; `more`: another step has work at once."""

    table: str
    number: int
    done: int
    finished: bool
    more: bool = False


def begin(conn: Connection, provider: KeyProvider, *, service: str, now: datetime) -> int:
    """Make a new data key the one that seals, and have all of them wrapped by the provider's newest key. Returns its number."""
    for row in conn.execute(select(data_keys)).all():
        if not provider.is_newest(row.wrapped):
            what = about(service, row.purpose, row.number)
            fresh = provider.wrap(provider.unwrap(row.wrapped, what), what)
            mine = and_(data_keys.c.purpose == row.purpose, data_keys.c.number == row.number)
            conn.execute(update(data_keys).where(mine).values(wrapped=fresh))
    last = conn.execute(select(func.max(data_keys.c.number)).where(data_keys.c.purpose == "seal")).scalar_one()
    add_key(conn, provider, service=service, purpose="seal", number=last + 1, now=now)
    return int(last) + 1


@row_guarded
def step(conn: Connection, sealed: Table, keys: Keyring, now: datetime, limit: int = BATCH) -> Progress:
    """Seal the next `limit` rows of a table under the newest key, where they are not yet."""
    insert_new(conn, sealing, {"table_name": sealed.name, "number": 0, "cursor": None, "done": 0, "started": now,
                               "finished": None, "whole": False})  # fmt: skip
    mine = sealing.c.table_name == sealed.name
    at = conn.execute(select(sealing).where(mine)).one()
    first = at.number == 0
    if at.number != keys.number:
        begun = {"number": keys.number, "cursor": None, "done": 0, "started": now, "finished": None}
        conn.execute(update(sealing).where(mine).values(begun))
        at = conn.execute(select(sealing).where(mine)).one()
    if at.finished:
        return Progress(sealed.name, at.number, at.done, finished=True)
    found = _after(conn, sealed, at.cursor, limit)
    done, more = at.done + sum(_seal_row(conn, sealed, keys, row) for row in found), len(found) == limit
    if more:
        values: dict[str, Any] = {"cursor": orjson.dumps(list(found[-1][: len(_key(sealed))])).decode()}
    elif (first and not found) or at.started >= _created(conn, keys.number) + timedelta(seconds=LEARN_S):
        # A table that began empty never had a plain value; with a second key all who wrote such have gone.
        values = {"finished": now, "whole": at.whole or keys.number > 1 or (first and not found)}
    else:  # somebody may have sealed under the old key behind us: once more from the beginning
        values = {"cursor": None, "started": now}
    conn.execute(update(sealing).where(mine).values(done=done, **values))
    return Progress(sealed.name, keys.number, done, finished="finished" in values, more=more)


def progress(conn: Connection) -> list[Progress]:
    """How far each table is."""
    rows = conn.execute(select(sealing).order_by(sealing.c.table_name))
    return [Progress(row.table_name, row.number, row.done, row.finished is not None) for row in rows]


def count_by_key(conn: Connection, sealed: Table) -> dict[str, int]:
    """How many sealed values each key has in a table: by number, `plain` for those that are not sealed."""
    counts: dict[str, int] = {}
    raw = _raw(sealed)
    for name in sealed_names(sealed):
        head = func.substr(raw.c[name], 1, len(MARK) + 6)
        rows = conn.execute(select(head, func.count()).where(raw.c[name].is_not(None)).group_by(head))
        for start, count in rows:
            number = start[len(MARK) :].partition(":")[0] if start.startswith(MARK) else "plain"
            counts[number] = counts.get(number, 0) + count
    return counts


def index_all(renew: Callable[[], str], tables: Sequence[Table], keys: Keyring) -> None:
    """Before anything is served: rows of before sealing began get their keyed hashes, by which they are found."""
    engine = create_engine(driver_url(renew()))
    try:
        for sealed in tables:
            missing = [_raw(sealed).c[name].is_(None) for name in indexes(sealed)]
            while missing:
                with engine.begin() as conn:
                    found = conn.execute(select(_raw(sealed)).where(*missing).limit(BATCH)).all()
                    for row in found:
                        _seal_row(conn, sealed, keys, row)
                if len(found) < BATCH:
                    break
    finally:
        engine.dispose()


class Sealer:
    """The job of a service: looks for new keys, and seals what is not sealed under the newest one."""

    def __init__(self, db: Database, tables: Sequence[Table], keys: Keyring, clock: Clock) -> None:
        self._db, self._tables, self._keys, self._clock = db, tables, keys, clock

    async def run(self) -> None:
        """One turn: all that is there to do now."""
        await asyncio.to_thread(self._keys.refresh)
        for sealed in self._tables:
            await self.seal(sealed)

    async def seal(self, sealed: Table) -> Progress:
        """One pass over a table, or what was left of one."""
        while (at := await self._db.run(step, sealed, self._keys, self._clock.now())).more:
            pass
        return at


def _after(conn: Connection, sealed: Table, cursor: str | None, limit: int) -> Sequence[Any]:
    """The next rows in the order of the primary key, which comes first in each."""
    raw, names = _raw(sealed), _key(sealed)
    key = [raw.c[name] for name in names]
    rest = [raw.c[name] for name in (*sealed_names(sealed), *indexes(sealed))]
    query = select(*key, *rest).order_by(*key).limit(limit)
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*orjson.loads(cursor)))
    return conn.execute(query).all()


def _seal_row(conn: Connection, sealed: Table, keys: Keyring, row: Any) -> int:
    """Seal a row under the newest key if it is still as it was read; 1 where it was changed."""
    raw, old = _raw(sealed), row._mapping  # noqa: SLF001
    identity = "/".join(str(old[name]) for name in _key(sealed))
    held = [name for name in sealed_names(sealed) if old[name] is not None]
    stale = [name for name in held if not keys.is_current(old[name])]
    lacking = [name for name in indexes(sealed) if old[name] is None]
    if not stale and not lacking:
        return 0
    opened = {name: keys.open(old[name], f"{sealed.name}.{name}", identity) for name in held}
    fresh = {name: keys.seal(opened[name], f"{sealed.name}.{name}", identity) for name in stale}
    fresh |= {
        name: keys.blind(opened[source], f"{sealed.name}.{source}")
        for name, source in indexes(sealed).items()
        if name in lacking and source in opened
    }
    same = [raw.c[name] == old[name] for name in (*_key(sealed), *held)]
    return conn.execute(update(raw).where(*same).values(fresh)).rowcount


def _created(conn: Connection, number: int) -> datetime:
    mine = and_(data_keys.c.purpose == "seal", data_keys.c.number == number)
    created: datetime = conn.execute(select(data_keys.c.created).where(mine)).scalar_one()
    return created


def _key(sealed: Table) -> list[str]:
    return [each.name for each in sealed.primary_key]


@cache
def _raw(sealed: Table) -> Any:
    """The same table with what lies in it, as text."""
    columns: list[Column[Any]] = list(sealed.primary_key)
    return table(
        sealed.name,
        *(column(each.name, each.type) for each in columns),
        *(column(name, Text) for name in (*sealed_names(sealed), *indexes(sealed))),
    )
