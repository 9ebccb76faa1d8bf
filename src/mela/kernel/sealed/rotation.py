"""New keys while everything runs: rows are sealed anew in batches, readable at every moment, resumable after any crash.

A pass walks a table by its primary key, and remembers where it is in the transaction that changed the rows. Each row changes
only if it is still what was read, so nobody's write is lost. Other processes learn a new key within seconds, until when they
may still seal under the old one: a pass counts as the last only if it began after that.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import orjson
import structlog
from sqlalchemy import (
    Column,
    Connection,
    Table,
    Text,
    and_,
    bindparam,
    column,
    delete,
    func,
    or_,
    select,
    table,
    tuple_,
    update,
)

from mela.kernel.clock import Clock
from mela.kernel.db import Database, row_guarded
from mela.kernel.db.direct import transaction
from mela.kernel.db.statements import insert_new
from mela.kernel.sealed.columns import indexes, sealed_names
from mela.kernel.sealed.keyring import MARK, Keyring, about, add_key
from mela.kernel.sealed.provider import KeyProvider
from mela.kernel.sealed.schema import data_keys, sealing

log = structlog.get_logger()
LEARN_S = 30
"""After so long every process has a new key: they look every `LOOK_S`."""
LOOK_S = 10.0
BATCH = 100
_LEARNT, _SEALS = timedelta(seconds=LEARN_S), data_keys.c.purpose == "seal"
_REST = 3
"""A step that took so long is followed by a rest of this many times as long."""


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
    at = conn.execute(select(sealing).where(mine).with_for_update()).one()
    if at.number > keys.number:  # we are the ones who have not heard of the new key yet
        return Progress(sealed.name, at.number, at.done, finished=False)
    first = at.number == 0
    if at.number != keys.number:
        begun = {"number": keys.number, "cursor": None, "done": 0, "started": now, "finished": None}
        conn.execute(update(sealing).where(mine).values(begun))
        at = conn.execute(select(sealing).where(mine)).one()
    if at.finished:
        return Progress(sealed.name, at.number, at.done, finished=True)
    found = _after(conn, sealed, at.cursor, limit)
    done, more = at.done + _seal_rows(conn, sealed, keys, found), len(found) == limit
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


def over(conn: Connection, tables: Sequence[Table], keys: Keyring, now: datetime) -> list[int]:
    """The older keys, once nobody can be sealing under them any more and every table's last pass is over; else none."""
    older = conn.scalars(select(data_keys.c.number).where(_SEALS, data_keys.c.number < keys.number)).all()
    at = {row.table_name: row for row in conn.execute(select(sealing))} if older else {}
    last = [at.get(each.name) for each in tables]
    settled = all(row and row.number == keys.number and row.finished and row.finished + _LEARNT <= now for row in last)
    return list(older) if settled else []


@row_guarded
def retire(conn: Connection, numbers: Sequence[int]) -> None:
    """Destroy keys that seal nothing any more. What a backup holds is opened by the keys that it holds."""
    conn.execute(delete(data_keys).where(_SEALS, data_keys.c.number.in_(numbers)))


@row_guarded
def once_more(conn: Connection, sealed: Table, now: datetime) -> None:
    """Walk a table again: somebody who had not heard of the newest key has sealed under an older one."""
    again = {"cursor": None, "started": now, "finished": None}
    conn.execute(update(sealing).where(sealing.c.table_name == sealed.name).values(again))


def index_all(renew: Callable[[], str], tables: Sequence[Table], keys: Keyring) -> None:
    """Before anything is served: rows of before sealing began get their keyed hashes, by which they are found."""
    for sealed in tables:
        raw, due = _raw(sealed), {name: of for name, of in indexes(sealed).items() if not sealed.c[name].type.later}  # type: ignore[attr-defined]
        missing = or_(False, *(and_(raw.c[name].is_(None), raw.c[of].is_not(None)) for name, of in due.items()))
        found: Sequence[Any] = [None] * BATCH if due else []
        while len(found) == BATCH:
            with transaction(renew()) as conn:
                found = conn.execute(select(raw).where(missing).limit(BATCH)).all()
                _seal_rows(conn, sealed, keys, found)


class Sealer:
    """The job of a service: looks for new keys, and seals what is not sealed under the newest one."""

    def __init__(self, db: Database, tables: Sequence[Table], keys: Keyring, clock: Clock) -> None:
        self._db, self._tables, self._keys, self._clock = db, tables, keys, clock

    async def run(self) -> None:
        """One turn: all that is there to do now."""
        await asyncio.to_thread(self._keys.refresh)
        for sealed in self._tables:
            await self.seal(sealed)
        await self._retire()

    async def seal(self, sealed: Table, hear: Callable[[Progress], None] | None = None) -> Progress:
        """One pass over a table, or what was left of one; most of the time is left to others who write.

        `hear` is told after each step.
        """
        while True:
            started = self._clock.monotonic()
            at = await self._db.run(step, sealed, self._keys, self._clock.now())
            if hear:
                hear(at)
            if not at.more:
                return at
            await asyncio.sleep(_REST * (self._clock.monotonic() - started))

    async def _retire(self) -> None:
        """Destroy the keys that a change has left behind, after a last look at every value."""
        older = await self._db.read(over, self._tables, self._keys, self._clock.now())
        if not older:
            return
        for sealed in self._tables:
            if set(map(str, older)) & (await self._db.read(count_by_key, sealed)).keys():
                await self._db.run(once_more, sealed, self._clock.now())
                return
        await self._db.run(retire, older)
        await asyncio.to_thread(self._keys.refresh)
        log.info("data keys destroyed", service=self._keys.service, numbers=older)


def _after(conn: Connection, sealed: Table, cursor: str | None, limit: int) -> Sequence[Any]:
    """The next rows in the order of the primary key, which comes first in each."""
    raw, names = _raw(sealed), _key(sealed)
    key = [raw.c[name] for name in names]
    rest = [raw.c[name] for name in (*sealed_names(sealed), *indexes(sealed))]
    query = select(*key, *rest).order_by(*key).limit(limit)
    if cursor is not None:
        query = query.where(tuple_(*key) > tuple_(*orjson.loads(cursor)))
    return conn.execute(query).all()


def _seal_rows(conn: Connection, sealed: Table, keys: Keyring, rows: Sequence[Any]) -> int:
    """Seal rows under the newest key, each if it is still as it was read; how many were changed."""
    changes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        fresh = _fresh(sealed, keys, row._mapping)  # noqa: SLF001
        if fresh:
            was = {f"was_{name}": row._mapping[name] for name in (*_key(sealed), *sealed_names(sealed))}  # noqa: SLF001
            changes.setdefault(tuple(sorted(fresh)), []).append(was | {f"new_{name}": fresh[name] for name in fresh})
    return sum(conn.execute(_change(sealed, names), made).rowcount for names, made in changes.items())


def _fresh(sealed: Table, keys: Keyring, old: Mapping[Any, Any]) -> dict[str, str]:
    """What a row's columns are to be, where they are something else."""
    identity = "/".join(str(old[name]) for name in _key(sealed))
    held = [name for name in sealed_names(sealed) if old[name] is not None]
    stale = [name for name in held if not keys.is_current(old[name])]
    lacking = [name for name, source in indexes(sealed).items() if old[name] is None and source in held]
    if not stale and not lacking:
        return {}
    opened = {name: keys.open(old[name], f"{sealed.name}.{name}", identity) for name in held}
    sources = {name: indexes(sealed)[name] for name in lacking}
    return {name: keys.seal(opened[name], f"{sealed.name}.{name}", identity) for name in stale} | {
        name: keys.blind(opened[source], f"{sealed.name}.{source}") for name, source in sources.items()
    }


@cache
def _change(sealed: Table, names: tuple[str, ...]) -> Any:
    """Set these columns of a row that is still as it was read. Built once: building one costs more than running it."""
    raw = _raw(sealed)
    same = [raw.c[name] == bindparam(f"was_{name}") for name in _key(sealed)]
    same += [raw.c[name].is_not_distinct_from(bindparam(f"was_{name}")) for name in sealed_names(sealed)]
    return update(raw).where(*same).values({name: bindparam(f"new_{name}", type_=Text) for name in names})


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
