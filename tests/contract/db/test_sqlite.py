"""What only SQLite has: a file, one writer, many units to a COMMIT, a disk that fills up."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from mela.kernel import errors
from mela.kernel.db import Database, DatabaseOptions, after_commit, open_database, sqlite
from mela.kernel.telemetry import metrics
from tests.contract.db import shelf


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'deep' / 'shelf.db'}"
    database = open_database(url, service="one-writer", options=DatabaseOptions())
    await database.run(shelf.metadata.create_all)
    yield database
    await database.close()


def pragma(conn: Connection, name: str) -> object:
    return conn.exec_driver_sql(f"PRAGMA {name}").scalar()


def commits(service: str) -> tuple[float, float]:
    """How many COMMITs there were, and how many units in them."""
    samples = {s.name: s.value for m in metrics.BATCH.collect() for s in m.samples if s.labels["service"] == service}
    return samples["mela_commit_units_count"], samples["mela_commit_units_sum"]


async def test_the_writer_syncs_each_commit_to_a_write_ahead_log(db: Database) -> None:
    assert await db.run(pragma, "synchronous") == 2  # FULL
    assert await db.run(pragma, "journal_mode") == "wal"
    assert await db.run(pragma, "foreign_keys") == 1


async def test_sixty_four_waiting_units_share_one_commit(db: Database) -> None:
    release, started = threading.Event(), threading.Event()
    holder = asyncio.create_task(db.run(shelf.hold, started, release))
    assert await asyncio.to_thread(started.wait, 10)
    before = commits("one-writer")
    waiting = [asyncio.create_task(db.run(shelf.put, f"{n}")) for n in range(65)]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(holder, *waiting)
    after = commits("one-writer")
    assert after[1] - before[1] == 66
    assert after[0] - before[0] == 3  # the holder's, 64 together, the one left over


async def test_a_unit_is_in_the_file_when_its_caller_goes_on(db: Database, tmp_path: Path) -> None:
    await db.run(shelf.put, "kept")
    other = sa.create_engine(f"sqlite:///{tmp_path / 'deep' / 'shelf.db'}")
    with other.connect() as conn:
        assert shelf.names(conn) == ["kept"]
    other.dispose()


@pytest.mark.parametrize("swallowed", [False, True])
async def test_a_full_disk_fails_the_whole_batch_and_leaves_nothing_of_it(db: Database, swallowed: bool) -> None:
    heard: list[str] = []

    def small(conn: Connection, name: str) -> str:
        after_commit(conn, lambda: heard.append(name))
        return shelf.put(conn, name)

    def too_much(conn: Connection) -> None:
        try:
            conn.execute(shelf.things.insert(), [{"name": f"{n:040}", "left": n} for n in range(5_000)])
        except sa.exc.DBAPIError:
            if not swallowed:
                raise

    pages = int(str(await db.run(pragma, "page_count")))
    await db.run(pragma, f"max_page_count={pages + 4}")
    with structlog.testing.capture_logs() as lines:
        outcomes = await asyncio.gather(
            db.run(small, "before"), db.run(too_much), db.run(small, "after"), return_exceptions=True
        )
    # The three may meet in one batch or begin with a batch of one: whoever shared the lost one, shared its fate.
    assert isinstance(outcomes[1], errors.Retryable)
    assert isinstance(outcomes[1], errors.DiskFull) is not swallowed
    answered = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert await db.read(shelf.names) == sorted(answered) == sorted(heard)
    assert all(isinstance(outcome, (str, errors.Retryable)) for outcome in outcomes)
    assert [line["event"] for line in lines if line["event"] != "slow unit"] == ["batch lost"]

    await db.run(pragma, "max_page_count=100000")
    await db.run(too_much)
    assert len(await db.read(shelf.names)) >= 5_000


async def test_a_batch_whose_transaction_is_lost_fails_as_one(db: Database) -> None:
    release, started = threading.Event(), threading.Event()
    holder = asyncio.create_task(db.run(shelf.hold, started, release))
    assert await asyncio.to_thread(started.wait, 10)

    def end_transaction(conn: Connection) -> None:
        conn.connection.dbapi_connection.rollback()  # type: ignore[union-attr]
        raise ValueError("and then something else")

    units = db.run(shelf.put, "before"), db.run(end_transaction), db.run(shelf.put, "after")
    waiting = [asyncio.create_task(unit) for unit in units]
    await asyncio.sleep(0)
    release.set()
    outcomes = await asyncio.gather(holder, *waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes[1:]] == [errors.Retryable] * 3
    assert await db.read(shelf.names) == []
    assert await db.run(shelf.put, "next") == "next"


@pytest.mark.parametrize("broken", ["_run_unit", "_report"])
async def test_a_writer_outlives_an_error_of_its_own(
    db: Database, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("nobody thought of it")

    with monkeypatch.context() as patch:
        patch.setattr(db, broken, fail)
        [outcome] = await asyncio.gather(db.run(shelf.put, "first"), return_exceptions=True)
    assert await db.read(shelf.names) == ([] if isinstance(outcome, LookupError) else ["first"])
    assert await db.run(shelf.put, "next") == "next"


async def test_what_is_lost_is_told_as_lost_though_nobody_can_write_that_down(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_transaction(conn: Connection) -> str:
        conn.connection.dbapi_connection.rollback()  # type: ignore[union-attr]
        return "kept"

    with monkeypatch.context() as patch:
        patch.setattr(sqlite.log, "warning", lambda *_, **__: 1 / 0)
        with pytest.raises(errors.Retryable):
            await db.run(end_transaction)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
async def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="needs a file"):
        open_database(url, service="x")


async def test_an_unknown_kind_of_database_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match="mysql"):
        open_database("mysql://x", service="x")
