"""PostgreSQL: units in threads, each one SERIALIZABLE transaction, tried again when it cannot be serialised.

PostgreSQL groups commits by itself. SERIALIZABLE makes a unit mean the same as on SQLite's single writer: no lost update and
no write skew, without a lock in any query. The price is retries under contention, which the metric `unit_retries` shows, also of
units that touch different rows of one page. What is `row_guarded` runs at READ COMMITTED; a deadlock there is tried again as well.

Source: https://www.postgresql.org/docs/15/transaction-iso.html (2026-11-23); decision 0003.
"""

import asyncio
import contextvars
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from mela.kernel import errors, ids
from mela.kernel.db.database import NEWS, NOT_ALONE, DatabaseOptions, Hook, Unit, take_hooks, unit_name
from mela.kernel.telemetry import metrics, tracing

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()
_LIMIT = "mela.limit"
"""Key in a connection's `info`: when its unit must have ended, on the monotonic clock."""
_NOT_SERIALISABLE = frozenset({"40001", "40P01"})
"""serialization_failure, deadlock_detected. Source: PostgreSQL 15 appendix A."""


class PostgresDatabase:
    """A database on a server, reached through a small pool of connections, one thread each."""

    def __init__(
        self, renew: Callable[[], str], *, service: str, options: DatabaseOptions, keyring: object = None
    ) -> None:
        self.service = service
        self._options = options
        milliseconds = int(options.timeout_s * 1000)
        engine = create_engine(
            make_url(renew()).set(drivername="postgresql+psycopg"),
            pool_size=options.pool_size, max_overflow=0, pool_timeout=options.timeout_s, pool_pre_ping=False, hide_parameters=True,
            connect_args={
                "connect_timeout": 5,
                "application_name": f"mela-{service}",
                "options": f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds} -c timezone=UTC",
            },
        )  # fmt: skip
        engine.dialect.keyring = keyring  # type: ignore[attr-defined]  # sealed columns look for it there
        self._engine = engine
        self._listener: Hook | None = None
        self._renew = renew
        event.listen(engine, "do_connect", self._sign_in)
        event.listen(engine, "connect", self._introduce)
        event.listen(engine, "before_cursor_execute", _check_bound)
        self._writes = engine.execution_options(isolation_level="SERIALIZABLE")
        self._guarded_writes = engine.execution_options(isolation_level=NOT_ALONE)
        self._reads = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._threads = ThreadPoolExecutor(options.pool_size, thread_name_prefix=f"{service}-db")
        self._waiting = 0
        self._closed = False

    async def run(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.run`."""
        engine = self._guarded_writes if getattr(unit, "row_guarded", False) else self._writes
        result, hooks = await self._in_thread(engine, unit, args, kwargs)
        for hook in hooks:
            hook()
        return result

    async def read(self, query: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """See `Database.read`."""
        return (await self._in_thread(self._reads, query, args, kwargs))[0]

    def on_news(self, listener: Hook) -> None:
        """See `Database.on_news`."""
        self._listener = listener

    def _news(self) -> None:
        if self._listener is not None:
            self._listener()

    def _sign_in(self, _dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
        """SQLAlchemy's `do_connect`: user and password as they are now."""
        parameters.update(make_url(self._renew()).translate_connect_args(username="user", database="dbname"))

    def _introduce(self, _connection: object, record: ConnectionPoolEntry) -> None:
        record.info[NEWS] = self._news

    async def close(self) -> None:
        """See `Database.close`."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown, wait=True)
        self._engine.dispose()

    async def _in_thread(
        self, engine: Engine, unit: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[T, list[Hook]]:
        if self._closed:
            raise errors.Retryable("kernel.shutting_down", seconds=1)
        if self._waiting >= self._options.max_waiting:
            raise errors.Busy(seconds=1)
        self._waiting += 1
        name = unit_name(unit)
        try:
            with tracing.span("unit", unit=name, service=self.service):
                limit = time.monotonic() + self._options.timeout_s
                call = contextvars.copy_context().run
                job = self._threads.submit(call, self._attempts, engine, unit, args, kwargs, name, limit)
                return await asyncio.wrap_future(job)
        finally:
            self._waiting -= 1

    def _attempts(
        self,
        engine: Engine,
        unit: Callable[..., T],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str,
        limit: float,
    ) -> tuple[T, list[Hook]]:
        """Try until it commits. A dead connection fails the unit: on COMMIT it may have happened."""
        started = time.monotonic()
        for attempt in range(1, self._options.attempts + 1):
            if time.monotonic() > limit:
                raise errors.TimedOut(seconds=1)
            try:
                with engine.connect() as conn, conn.begin():
                    take_hooks(conn)  # those of an attempt that failed on this connection
                    conn.info[_LIMIT] = limit
                    result, hooks = unit(conn, *args, **kwargs), take_hooks(conn)
                self._report(name, time.monotonic() - started, attempt)
                return result, hooks
            except StopIteration as error:  # no future takes it, as no coroutine does: PEP 479
                raise RuntimeError("the unit raised StopIteration") from error
            except (DBAPIError, PoolTimeout) as error:
                if _sqlstate(error) not in _NOT_SERIALISABLE:
                    raise _translate(error) from error
                metrics.UNIT_RETRIES.labels(self.service, name).inc()
                time.sleep(ids.jitter(0.002 * 2 ** min(attempt, 6)))
        raise errors.Busy(seconds=1)

    def _report(self, name: str, took: float, attempts: int) -> None:
        metrics.UNIT.labels(self.service, name).observe(took)
        if took > self._options.slow_s:
            log.warning("slow unit", service=self.service, unit=name, took_s=round(took, 3), attempts=attempts)


def _check_bound(conn: Connection, *_statement: object) -> None:
    """SQLAlchemy's `before_cursor_execute`. Raises: TimedOut once the unit's limit, on the monotonic clock, has passed."""
    if time.monotonic() > conn.info.get(_LIMIT, math.inf):
        raise errors.TimedOut(seconds=1)


def _sqlstate(error: Exception) -> str:
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def _translate(error: Exception) -> Exception:
    """A driver's failure as what the caller can do about it; a programming error stays what it is."""
    state = _sqlstate(error)
    if state == "57014" or isinstance(error, PoolTimeout):  # query_canceled: statement_timeout
        return errors.TimedOut(seconds=1)
    if state.startswith("53"):  # insufficient_resources: disk full, out of memory, too many connections
        return errors.DiskFull(seconds=5) if state == "53100" else errors.Busy(seconds=1)
    if state.startswith(("08", "57")) or (isinstance(error, OperationalError) and not state):
        return errors.Retryable("kernel.unavailable", seconds=1)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return errors.Retryable("kernel.unavailable", seconds=1)
    return error
