"""New keys while everything runs: rows are sealed anew in batches, readable at every moment, resumable after any crash.

A pass walks a table by its primary key, and remembers where it is in the transaction that changed the rows. Each row changes
only if it is still what was read, so nobody's write is lost. Other processes learn a new key within seconds, until when they
may still seal under the old one: a pass counts as the last only if it began after that.

Keyed hashes change with them. A new index key is searched with at once, and written with only when all who run search with it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
from mela.kernel.sealed.keyring import MARK, Keyring, about, add_key, hashed_by
from mela.kernel.sealed.provider import LETTERS, KeyProvider
from mela.kernel.sealed.schema import data_keys, sealing

log = structlog.get_logger()
LEARN_S = 30
"""After so long every process has a new key: they look every `LOOK_S`."""
LOOK_S = 10.0
BATCH = 100
CHANGING = ("seal", "index")
"""Purposes of which there are new keys."""
_LEARNT = timedelta(seconds=LEARN_S)
_REST = 3
"""A step that took so long is followed by a rest of this many times as long."""


@dataclass(frozen=True)
class Progress:
    """How far a table is with key `number`: `done` rows were sealed or hashed anew, some of them twice; `more`: another step has work at once."""

    table: str
    number: int
    done: int
    finished: bool
    more: bool = False


def begin(conn: Connection, provider: KeyProvider, *, service: str, now: datetime) -> int:
    """Make a new data key the one that seals, and an index key; have all of them wrapped by the provider's newest key.

    Returns the number of the one that seals.
    """
    for row in conn.execute(select(data_keys)).all():
        if not provider.is_newest(row.wrapped):
            what = about(service, row.purpose, row.number)
            fresh = provider.wrap(provider.unwrap(row.wrapped, what), what)
            mine = and_(data_keys.c.purpose == row.purpose, data_keys.c.number == row.number)
            conn.execute(update(data_keys).where(mine).values(wrapped=fresh))
    seal, index = (_newest(conn, purpose) + 1 for purpose in CHANGING)
    add_key(conn, provider, service=service, purpose="seal", number=seal, now=now)
    add_key(conn, provider, service=service, purpose="index", number=index, now=now)
    return seal


@row_guarded
def step(conn: Connection, sealed: Table, keys: Keyring, now: datetime, limit: int = BATCH) -> Progress:
    """Seal the next `limit` rows of a table under the newest key, and hash them under the newest index key, where they are not yet."""
    insert_new(conn, sealing, {"table_name": sealed.name, "number": 0, "cursor": None, "done": 0, "started": now,
                               "finished": None, "whole": False})  # fmt: skip
    mine = sealing.c.table_name == sealed.name
    at = conn.execute(select(sealing).where(mine).with_for_update()).one()
    if at.number > keys.number:  # we are the ones who have not heard of the new key yet
        return Progress(sealed.name, at.number, at.done, finished=False)
    first = at.number == 0
    if at.number != keys.number:
        begun = {"number": keys.number, "cursor": None, "done": 0, "finished": None}
        conn.execute(update(sealing).where(mine).values(begun))
        at = conn.execute(select(sealing).where(mine)).one()
    if at.finished:
        return Progress(sealed.name, at.number, at.done, finished=True)
    started = now if at.cursor is None else at.started
    found = _after(conn, sealed, at.cursor, limit)
    done, more = at.done + _seal_rows(conn, sealed, keys, found), len(found) == limit
    if more:
        values: dict[str, Any] = {"cursor": orjson.dumps(list(found[-1][: len(_key(sealed))])).decode()}
    elif (first and not found) or started >= _created(conn, keys.number) + timedelta(seconds=LEARN_S):
        # A table that began empty never had a plain value; with a second key all who wrote such have gone.
        values = {"finished": now, "whole": at.whole or keys.number > 1 or (first and not found)}
    else:  # somebody may have sealed under the old key behind us, and hashes had to wait: once more from the beginning
        values = {"cursor": None}
    conn.execute(update(sealing).where(mine).values(done=done, started=started, **values))
    return Progress(sealed.name, keys.number, done, finished="finished" in values, more=more)


def progress(conn: Connection) -> list[Progress]:
    """How far each table is."""
    rows = conn.execute(select(sealing).order_by(sealing.c.table_name))
    return [Progress(row.table_name, row.number, row.done, row.finished is not None) for row in rows]


def count_by_key(conn: Connection, sealed: Table) -> dict[str, int]:
    """How many sealed values each key has in a table: by number, `plain` for those that are not sealed."""
    heads = _heads(conn, sealed, sealed_names(sealed))
    return _summed((head[len(MARK) : -1] if head.startswith(MARK) else "plain", count) for head, count in heads)


def count_hashes(conn: Connection, sealed: Table) -> dict[str, int]:
    """How many keyed hashes each index key has in a table, by its number."""
    return _summed((str(hashed_by(head)), count) for head, count in _heads(conn, sealed, indexes(sealed)))


def _heads(conn: Connection, sealed: Table, names: Iterable[str]) -> Iterator[Any]:
    """Beginnings of values up to the number of their key, and how many begin so."""
    raw = _raw(sealed)
    for name in names:
        head = func.rtrim(func.substr(raw.c[name], 1, len(MARK) + 12), LETTERS)
        yield from conn.execute(select(head, func.count()).where(raw.c[name].is_not(None)).group_by(head))


def _summed(counts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for number, count in counts:
        sums[number] = sums.get(number, 0) + count
    return sums


def over(conn: Connection, tables: Sequence[Table], keys: Keyring, now: datetime) -> dict[str, list[int]]:
    """By purpose the older keys, once nobody can be writing with them any more and every table's last pass is over; else none."""
    older = {purpose: _older(conn, purpose) for purpose in CHANGING}
    at = {row.table_name: row for row in conn.execute(select(sealing))} if any(older.values()) else {}
    last = [at.get(each.name) for each in tables]
    settled = all(row and row.number == keys.number and row.finished and row.finished + _LEARNT <= now for row in last)
    return {purpose: numbers for purpose, numbers in older.items() if numbers and settled}


@row_guarded
def retire(conn: Connection, older: Mapping[str, Sequence[int]]) -> None:
    """Destroy keys under which nothing lies any more. What a backup holds is opened by the keys that it holds."""
    for purpose, numbers in older.items():
        conn.execute(delete(data_keys).where(data_keys.c.purpose == purpose, data_keys.c.number.in_(numbers)))


@row_guarded
def once_more(conn: Connection, sealed: Table) -> None:
    """Walk a table again: somebody who had not heard of the newest key has sealed under an older one."""
    again = {"cursor": None, "finished": None}
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
            if await self._db.read(_under, sealed, older):
                await self._db.run(once_more, sealed)
                return
        await self._db.run(retire, older)
        await asyncio.to_thread(self._keys.refresh)
        log.info("keys destroyed", service=self._keys.service, **older)


def _under(conn: Connection, sealed: Table, older: Mapping[str, Sequence[int]]) -> bool:
    """Whether anything in a table lies under one of these keys, or a hash under one that is gone."""
    hashed, newest = count_hashes(conn, sealed), str(_newest(conn, "index"))
    return bool(set(map(str, older.get("seal", ()))) & count_by_key(conn, sealed).keys() or hashed.keys() - {newest})


def _newest(conn: Connection, purpose: str) -> int:
    numbers = select(func.max(data_keys.c.number)).where(data_keys.c.purpose == purpose)
    return int(conn.execute(numbers).scalar_one())


def _older(conn: Connection, purpose: str) -> list[int]:
    numbers = conn.scalars(
        select(data_keys.c.number).where(data_keys.c.purpose == purpose).order_by(data_keys.c.number)
    )
    return list(numbers)[:-1]


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


def _fresh(sealed: Table, keys: Keyring, old: Mapping[Any, Any]) -> dict[str, str | None]:
    """What a row's columns are to be, where they are something else. What is no more is not found by its hash either."""
    identity = "/".join(str(old[name]) for name in _key(sealed))
    held = [name for name in sealed_names(sealed) if old[name] is not None]
    stale = [name for name in held if not keys.is_current(old[name])]
    hashed = {name: source for name, source in indexes(sealed).items() if _needs_hash(keys, old[name], source in held)}
    if not stale and not hashed:
        return {}
    opened = {name: keys.open(old[name], f"{sealed.name}.{name}", identity) for name in held}
    return {name: keys.seal(opened[name], f"{sealed.name}.{name}", identity) for name in stale} | {
        name: keys.blind(opened[source], f"{sealed.name}.{source}") if source in held else None
        for name, source in hashed.items()
    }


def _needs_hash(keys: Keyring, kept: str | None, is_held: bool) -> bool:
    """Whether a keyed hash is missing, of an older key, or of a value that is no more."""
    return is_held if kept is None else not is_held or keys.is_outdated(kept)


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
