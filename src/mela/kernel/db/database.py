"""What a service holds of its database: `run` a unit, `read` a query."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

P = ParamSpec("P")
T = TypeVar("T")
Unit = Callable[Concatenate[Connection, P], T]

Hook = Callable[[], None]
NEWS = "mela.news"
"""Key in a connection's `info`: what to call after a unit that emitted events."""
NOT_ALONE = "READ COMMITTED"
"""The isolation of units that are `row_guarded`, on PostgreSQL."""
_HOOKS = "mela.after_commit"


@dataclass(frozen=True)
class DatabaseOptions:
    """Bounds of one service's database.

    `timeout_s`: a unit waits and runs this long at most, then TimedOut. `slow_s`: log a unit that took longer.
    `max_waiting`: more units than this in the queue, then Busy. `pool_size`: connections to PostgreSQL.
    `batch`: units that share one COMMIT on SQLite. `attempts`: tries of a unit that PostgreSQL could not serialise.
    """

    timeout_s: float = 5.0
    slow_s: float = 0.25
    max_waiting: int = 2_000
    pool_size: int = 8
    batch: int = 64
    attempts: int = 40


class Database(Protocol):
    """One service's own database. Nobody else opens it."""

    service: str

    async def run(self, unit: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a writing unit as if alone; returns when it is durable.

        Raises: what the unit raised (nothing of it remains), TimedOut, Busy, DiskFull, Retryable (it may have happened).
        """
        ...

    async def read(self, query: Unit[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a query on one consistent snapshot; a write in it fails."""
        ...

    def on_news(self, listener: Hook) -> None:
        """Have `listener` called in the event loop after each unit that emitted an event."""
        ...

    async def close(self) -> None:
        """Finish what waits, then let go of files and connections."""
        ...


def row_guarded(unit: Callable[P, T]) -> Callable[P, T]:
    """Mark a unit as right at READ COMMITTED: what it relies on is checked by the statement that writes it, or lies in a row that
    the unit has locked before it read it.

    PostgreSQL then runs it without the cost of SERIALIZABLE. For queues that everybody writes to, and where each promise's guard is
    written down (decision 0014). Who adds up rows, or decides by a row that it does not write, has to be alone.
    """
    unit.row_guarded = True  # type: ignore[attr-defined]
    return unit


def require_alone(conn: Connection) -> None:
    """Have a unit that only SERIALIZABLE keeps right fail where it was marked otherwise. Raises: RuntimeError."""
    if conn.get_execution_options().get("isolation_level") == NOT_ALONE:
        raise RuntimeError("this unit is row_guarded and needs to be alone")


def after_commit(conn: Connection, hook: Hook) -> None:
    """Have `hook` called in the event loop once this unit is durable; never if it fails. It must not raise."""
    conn.info.setdefault(_HOOKS, []).append(hook)


def take_hooks(conn: Connection) -> list[Hook]:
    """The hooks of the unit that ran on `conn` since the last call."""
    hooks: list[Hook] = conn.info.pop(_HOOKS, [])
    return hooks


def unit_name(unit: Callable[..., Any]) -> str:
    """`catalog.reserve` for `mela.services.catalog.store.reserve`: as it stands in logs, metrics and spans."""
    return _name(getattr(unit, "func", unit))


@lru_cache(1_024)
def _name(unit: Callable[..., Any]) -> str:
    module = unit.__module__.removesuffix(".store").rsplit(".", 1)[-1]
    return f"{module}.{unit.__qualname__}"
