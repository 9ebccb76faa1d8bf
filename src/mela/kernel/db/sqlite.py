"""SQLite: one file and one writer thread per service, many units to a COMMIT.

The writer takes what waits, up to `batch` units, and runs them in one BEGIN IMMEDIATE … COMMIT, each in a savepoint of its
own; it answers after the COMMIT has been synced (`synchronous=FULL`). Readers see the last commit. They run in the caller's
thread: a point read takes tens of microseconds, a hop to a thread takes more. A long one is stopped by its time-out.

Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous (2026-11-23); decision 0003.
"""

import asyncio
import contextlib
import contextvars
import functools
import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar, cast

import structlog
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from mela.kernel import errors
from mela.kernel.db.database import NEWS, DatabaseOptions, Hook, Unit, take_hooks, unit_name
from mela.kernel.db.prepared import PreparingConnection
from mela.kernel.telemetry import metrics, tracing

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()
_STEPS_PER_CHECK = 10_000
"""Virtual-machine instructions of SQLite between two looks at the clock: about a millisecond."""


@dataclass
class _Work:
    unit: Callable[[Connection], Any]
    name: str
    future: asyncio.Future[Any]
    asked: float
    context: contextvars.Context
    result: Any = None
    error: BaseException | None = None
    hooks: list[Hook] = field(default_factory=list)


class SqliteDatabase:
    """A database in one file of this process."""

    def __init__(self, url: str, *, service: str, options: DatabaseOptions, keyring: object = None) -> None:
        self.service = service
        self._options = options
        database = make_url(url).database
        if not database or database == ":memory:":
            raise ValueError("SQLite needs a file: sqlite:///path/to/file.db")
        Path(database).parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(
            url, isolation_level="AUTOCOMMIT", hide_parameters=True,
            connect_args={"check_same_thread": False, "timeout": options.timeout_s, "factory": _Bounded},
        )  # fmt: skip
        self._engine.dialect.keyring = keyring  # type: ignore[attr-defined]  # sealed columns look for it there
        self._listener: Hook | None = None
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "connect", self._introduce)
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Work]] = {}
        self._closed = False
        self._batches = metrics.BATCH.labels(service)
        self._took = functools.cache(functools.partial(metrics.UNIT.labels, service))
        self._reader = PreparingConnection(self._engine)
        self._reader_lock = threading.Lock()
        raw(self._reader).execute("PRAGMA query_only=1")
        self._writer = threading.Thread(target=self._write_loop, name=f"{service}-writer", daemon=True)
        self._writer.start()

    async def run(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.run`."""
        if self._closed:
            raise errors.Retryable("kernel.shutting_down", seconds=1)
        loop = asyncio.get_running_loop()
        if self._queue.qsize() + len(self._gathered.get(loop, ())) >= self._options.max_waiting:
            raise errors.Busy(seconds=1)
        future: asyncio.Future[T] = loop.create_future()
        call = functools.partial(_call, unit, args, kwargs)
        name = unit_name(unit)
        with tracing.span("unit", unit=name, service=self.service):
            self._gather(loop, _Work(call, name, future, time.monotonic(), contextvars.copy_context()))
            return await future

    def _gather(self, loop: asyncio.AbstractEventLoop, work: _Work) -> None:
        """Keep work until this turn of the loop ends, then hand all of it over: one wake-up of the writer, fuller batches."""
        gathered = self._gathered.setdefault(loop, [])
        if not gathered:
            loop.call_soon(self._hand_over, loop)
        gathered.append(work)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        for work in self._gathered.pop(loop, ()):
            self._queue.put(work)

    async def read(self, query: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.read`."""
        if self._closed:
            raise errors.Retryable("kernel.shutting_down", seconds=1)
        with self._reader_lock:
            connection = raw(self._reader)
            connection.bound(time.monotonic() + self._options.timeout_s)
            connection.execute("BEGIN")
            try:
                return query(self._reader, *args, **kwargs)
            except (DBAPIError, sqlite3.Error) as error:
                raise _translate(error) from error
            finally:
                connection.rollback()

    def on_news(self, listener: Hook) -> None:
        """See `Database.on_news`."""
        self._listener = listener

    def _news(self) -> None:
        if self._listener is not None:
            self._listener()

    def _introduce(self, _connection: object, record: ConnectionPoolEntry) -> None:
        record.info[NEWS] = self._news

    async def close(self) -> None:
        """See `Database.close`."""
        if not self._closed:
            self._closed = True
            for loop in list(self._gathered):
                self._hand_over(loop)
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
            self._reader.close()
            self._engine.dispose()

    def _write_loop(self) -> None:
        with PreparingConnection(self._engine) as conn:
            while (batch := self._next_batch()) is not None:
                started = time.monotonic()
                try:
                    self._run_batch(conn, batch)
                    self._report(batch, started)
                except Exception:  # all units would wait for ever for a writer that died
                    log.exception("writer failed", service=self.service, units=len(batch))
                _answer(batch)

    def _next_batch(self) -> list[_Work] | None:
        """Wait for work, then take all that waits up to the batch size; None when told to stop and nothing is left."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < self._options.batch:
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                self._queue.put(None)
                break
            batch.append(work)
        return batch

    def _run_batch(self, conn: Connection, batch: list[_Work]) -> None:
        """All units of the batch in one transaction; a unit that fails takes only itself back, a lost transaction all."""
        db = raw(conn)
        try:
            db.bound(math.inf)
            db.execute("BEGIN IMMEDIATE")
            for work in batch:
                self._run_unit(conn, db, work)
            db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever it was, its units are not in the file
            for work in batch:  # first: what follows may fail as well
                work.error, work.hooks = _translate(error), []
            if db.in_transaction:
                db.rollback()
            log.warning("batch lost", service=self.service, units=len(batch), reason=str(error))

    def _run_unit(self, conn: Connection, db: "_Bounded", work: _Work) -> None:
        limit = work.asked + self._options.timeout_s
        if work.future.cancelled() or time.monotonic() > limit:
            work.error = errors.TimedOut(seconds=1)
            return
        db.bound(limit)
        db.execute("SAVEPOINT unit")
        try:
            work.result = work.context.run(work.unit, conn)
            work.hooks = take_hooks(conn)
        except BaseException as error:  # noqa: BLE001 - whatever a unit raises is its caller's; the writer lives on
            take_hooks(conn)
            work.error = _translate(error)
        db.bound(math.inf)
        if not db.in_transaction:  # a full disk or an interrupt ended the outer transaction, and all units with it
            raise (
                work.error
                if isinstance(work.error, errors.Retryable)
                else errors.Retryable("kernel.unavailable", seconds=1)
            )
        if work.error is not None:
            db.execute("ROLLBACK TO unit")
        db.execute("RELEASE unit")

    def _report(self, batch: list[_Work], started: float) -> None:
        now = time.monotonic()
        self._batches.observe(len(batch))
        for work in batch:
            self._took(work.name).observe(now - work.asked)
            if now - work.asked > self._options.slow_s:
                log.warning("slow unit", service=self.service, unit=work.name, waited_s=round(started - work.asked, 3),
                            took_s=round(now - started, 3), batch=len(batch))  # fmt: skip


class _Bounded(sqlite3.Connection):
    """A driver's connection on which nothing begins, or goes on, after a moment of the monotonic clock."""

    limit = math.inf

    def bound(self, limit: float) -> None:
        """Set that moment."""
        self.limit = limit
        if limit == math.inf:
            self.set_progress_handler(None, 0)
        else:
            self.set_progress_handler(lambda: time.monotonic() > limit, _STEPS_PER_CHECK)

    def cursor(self, factory: Any = None) -> Any:
        """See `sqlite3.Connection`."""
        return super().cursor(factory or _Cursor)


class _Cursor(sqlite3.Cursor):
    """Raises: TimedOut instead of beginning too late. An event of SQLAlchemy's would cost ten times as much."""

    connection: _Bounded

    def execute(self, statement: str, parameters: Any = (), /) -> Self:
        if time.monotonic() > self.connection.limit:
            raise errors.TimedOut(seconds=1)
        return super().execute(statement, parameters)

    def executemany(self, statement: str, parameters: Any, /) -> Self:
        if time.monotonic() > self.connection.limit:
            raise errors.TimedOut(seconds=1)
        return super().executemany(statement, parameters)


def raw(conn: Connection) -> _Bounded:
    """The driver's connection below SQLAlchemy's: for transaction control, at a tenth of the cost."""
    return cast(_Bounded, conn.connection.dbapi_connection)


def _call(unit: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], conn: Connection) -> T:
    return unit(conn, *args, **kwargs)


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=1", "temp_store=MEMORY", "cache_size=-4096"):
        connection.execute(f"PRAGMA {pragma}")


def _answer(batch: list[_Work]) -> None:
    """Hand the results to the event loops that wait for them, with one wake-up for each loop."""
    loops: dict[asyncio.AbstractEventLoop, list[_Work]] = {}
    for work in batch:
        loops.setdefault(work.future.get_loop(), []).append(work)
    for loop, works in loops.items():
        with contextlib.suppress(RuntimeError):  # a loop that is closed: nobody waits there
            loop.call_soon_threadsafe(_resolve, works)


def _resolve(works: list[_Work]) -> None:
    for work in works:
        for hook in work.hooks:
            hook()
        if work.future.done():
            continue
        if work.error is not None:
            work.future.set_exception(work.error)
        else:
            work.future.set_result(work.result)


def _translate(error: BaseException) -> BaseException:
    """A driver's failure as what the caller can do about it; a programming error stays what it is."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return errors.DiskFull(seconds=5)
    if code in (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return errors.TimedOut(seconds=1)
    if isinstance(error, StopIteration):  # no future takes it, as no coroutine does: PEP 479
        return RuntimeError("the unit raised StopIteration")
    return error
