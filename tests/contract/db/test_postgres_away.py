"""PostgreSQL when it is not there, and what each of its refusals means to a caller. Needs no server."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mela.kernel import errors
from mela.kernel.db import Database, DatabaseOptions, open_database, postgres, row_guarded
from tests.contract.db import shelf


@pytest.fixture
async def away() -> AsyncIterator[Database]:
    db = open_database("postgresql://mela@127.0.0.1:1/shelf", service="shelf", options=DatabaseOptions(max_waiting=2))
    db.on_news(lambda: None)
    yield db
    await db.close()


class Refusal(Exception):
    """A driver's error with a state."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


async def test_a_server_that_is_away_may_be_asked_again(away: Database) -> None:
    for call in (away.run(shelf.names), away.read(shelf.names), away.run(row_guarded(partial(shelf.names)))):
        with pytest.raises(errors.Retryable) as refusal:
            await call
        assert refusal.value.of == "kernel.unavailable"


async def test_more_units_than_may_wait_are_refused(away: Database) -> None:
    outcomes = await asyncio.gather(*(away.run(shelf.names) for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(errors.Busy) == 2


async def test_a_closed_database_refuses(away: Database) -> None:
    await away.close()
    with pytest.raises(errors.Retryable) as refusal:
        await away.run(shelf.names)
    assert refusal.value.of == "kernel.shutting_down"


@pytest.mark.parametrize(
    ("sqlstate", "meaning"),
    [
        ("57014", errors.TimedOut),  # query_canceled
        ("53100", errors.DiskFull),  # disk_full
        ("53300", errors.Busy),  # too_many_connections
        ("57P01", errors.Retryable),  # admin_shutdown
        ("08006", errors.Retryable),  # connection_failure
        (None, errors.Retryable),
    ],
)
def test_a_refusal_tells_the_caller_what_to_do(sqlstate: str | None, meaning: type[Exception]) -> None:
    assert type(postgres._translate(OperationalError("", {}, Refusal(sqlstate)))) is meaning


def test_a_pool_without_a_free_connection_is_a_time_out() -> None:
    assert isinstance(postgres._translate(PoolTimeout()), errors.TimedOut)


def test_a_connection_that_broke_may_be_asked_again() -> None:
    broken = DBAPIError("", {}, Refusal("25P03"), connection_invalidated=True)
    assert type(postgres._translate(broken)) is errors.Retryable


def test_a_mistake_in_a_statement_stays_what_it_is() -> None:
    mistake = ProgrammingError("", {}, Refusal("42601"))
    assert postgres._translate(mistake) is mistake


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_unit_that_cannot_be_serialised_is_tried_again_then_busy(
    monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    tries: list[int] = []

    class Conflicting:
        """An engine each of whose transactions conflicts with another."""

        def connect(self) -> Connection:
            tries.append(1)
            raise OperationalError("", {}, Refusal(state))

    db = postgres.PostgresDatabase(
        lambda: "postgresql://x@127.0.0.1:1/x", service="s", options=DatabaseOptions(attempts=3)
    )
    monkeypatch.setattr(db, "_writes", Conflicting())
    with pytest.raises(errors.Busy):
        await db.run(shelf.names)
    assert len(tries) == 3
    await db.close()


async def test_a_unit_whose_time_is_up_is_not_tried_at_all() -> None:
    db = postgres.PostgresDatabase(
        lambda: "postgresql://x@127.0.0.1:1/x", service="s", options=DatabaseOptions(timeout_s=-1.0)
    )
    with pytest.raises(errors.TimedOut):
        await db.run(shelf.names)
    await db.close()


async def test_user_and_password_are_those_of_the_moment_at_each_new_connection() -> None:
    address = "postgresql://old:first@127.0.0.1:1/shelf"
    db = open_database(lambda: address, service="shelf")
    assert isinstance(db, postgres.PostgresDatabase)
    asked: list[dict[str, object]] = []

    def remember(_dialect: object, _record: object, _arguments: object, parameters: dict[str, object]) -> None:
        asked.append({name: parameters[name] for name in ("user", "password", "host", "dbname")})

    event.listen(db._engine, "do_connect", remember)  # after ours
    for address in ("postgresql://old:first@127.0.0.1:1/shelf", "postgresql://new:second@127.0.0.1:1/shelf"):  # noqa: B007
        with pytest.raises(errors.Retryable):
            await db.read(shelf.names)
    assert asked == [
        {"user": "old", "password": "first", "host": "127.0.0.1", "dbname": "shelf"},
        {"user": "new", "password": "second", "host": "127.0.0.1", "dbname": "shelf"},
    ]
    await db.close()
