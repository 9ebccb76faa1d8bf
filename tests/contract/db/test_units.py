"""Units and queries: all or nothing, durable, as if alone, bounded in time."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from mela.kernel import errors
from mela.kernel.db import Database, after_commit, require_alone, row_guarded
from tests.contract.db import shelf

Open = Callable[..., Database]


class Refused(errors.Conflict):
    """What a unit of these tests raises."""

    code = "test.refused"


@asynccontextmanager
async def occupied(db: Database, units: int = 1) -> AsyncIterator[None]:
    """Every place where a unit could run is taken inside."""
    release, started = threading.Event(), [threading.Event() for _ in range(units)]
    holders = [asyncio.create_task(db.run(shelf.hold, event, release)) for event in started]
    try:
        for event in started:
            assert await asyncio.to_thread(event.wait, 10)
        yield
    finally:
        release.set()
        await asyncio.gather(*holders, return_exceptions=True)


# ---- all or nothing


async def test_a_unit_answers_with_its_result_and_its_rows_are_there(db: Database) -> None:
    assert await db.run(shelf.put, "atta", left=3) == "atta"
    assert await db.read(shelf.left, "atta") == 3


@pytest.mark.parametrize("error", [Refused(), ValueError("no"), IntegrityError("", {}, Exception())])
async def test_a_unit_that_raises_leaves_nothing_behind(db: Database, error: Exception) -> None:
    with pytest.raises(type(error)):
        await db.run(shelf.put_two_then, error)
    assert await db.read(shelf.names) == []


async def test_a_violated_constraint_takes_back_the_unit_and_reaches_its_caller(db: Database) -> None:
    def twice(conn: Connection) -> None:
        shelf.put(conn, "first")
        shelf.put(conn, "first")

    with pytest.raises(IntegrityError):
        await db.run(twice)
    assert await db.read(shelf.names) == []


async def test_failed_units_take_back_only_themselves_among_many(db: Database) -> None:
    async with occupied(db):
        good = [asyncio.create_task(db.run(shelf.put, f"good {n}")) for n in range(6)]
        bad = [asyncio.create_task(db.run(shelf.put_two_then, Refused())) for _ in range(5)]
        more = asyncio.create_task(db.run(shelf.put, "good 6"))
        await asyncio.sleep(0)
    assert {type(outcome) for outcome in await asyncio.gather(*bad, return_exceptions=True)} == {Refused}
    await asyncio.gather(*good, more)
    assert await db.read(shelf.names) == [f"good {n}" for n in range(7)]


async def test_a_unit_that_ends_in_stop_iteration_fails_and_hangs_nobody(db: Database) -> None:
    def nothing_left(conn: Connection) -> str:
        shelf.put(conn, "half")
        return next(iter(()))

    outcomes = await asyncio.gather(db.run(nothing_left), db.run(shelf.put, "whole"), return_exceptions=True)
    assert isinstance(outcomes[0], RuntimeError)
    assert outcomes[1] == "whole"
    assert await db.read(shelf.names) == ["whole"]


async def test_a_unit_that_leaves_by_system_exit_stops_no_other_unit(db: Database) -> None:
    with pytest.raises(BaseException, match="enough"):
        await db.run(shelf.put_two_then, asyncio.CancelledError("enough"))
    assert await db.run(shelf.put, "whole") == "whole"
    assert await db.read(shelf.names) == ["whole"]


# ---- as if alone


async def test_no_update_is_lost_among_units_that_read_then_write(opened: Open) -> None:
    db = opened(attempts=60, timeout_s=20)
    await db.run(shelf.put, "ticket", left=40)
    await asyncio.gather(*(db.run(shelf.take_one, "ticket") for _ in range(40)))
    assert await db.read(shelf.left, "ticket") == 0


async def test_write_skew_cannot_happen(opened: Open) -> None:
    db = opened(attempts=60, timeout_s=20)
    for turn in range(5):
        pair = f"Asha {turn}", f"Ravi {turn}"
        await db.run(lambda conn: conn.execute(shelf.things.delete()))
        for name in pair:
            await db.run(shelf.put, name)
        went = await asyncio.gather(*(db.run(shelf.leave_duty, name) for name in pair))
        assert sorted(went) == [False, True]


async def test_a_row_guarded_unit_counts_right_without_being_alone(db: Database) -> None:
    @row_guarded
    def one_less(conn: Connection) -> None:
        conn.execute(shelf.things.update().values(left=shelf.things.c.left - 1))

    await db.run(shelf.put, "ticket", left=30)
    await asyncio.gather(*(db.run(one_less) for _ in range(30)))
    assert await db.read(shelf.left, "ticket") == 0


async def test_row_guarded_units_that_lock_crosswise_both_end(db: Database) -> None:
    both_hold_one = threading.Barrier(2)

    @row_guarded
    def cross(conn: Connection, *names: str) -> None:
        if conn.dialect.name == "postgresql":
            conn.execute(sa.text("set local deadlock_timeout = '10ms'"))
        for name in names:
            conn.execute(sa.select(shelf.things).where(shelf.things.c.name == name).with_for_update())
            with suppress(threading.BrokenBarrierError):
                both_hold_one.wait(0 if conn.dialect.name == "sqlite" else 10)  # on SQLite they run one after the other
            both_hold_one.abort()  # from now on nobody waits there
        conn.execute(shelf.things.update().values(left=shelf.things.c.left - 1))

    for name in ("atta", "rice"):
        await db.run(shelf.put, name, left=2)
    await asyncio.gather(db.run(cross, "atta", "rice"), db.run(cross, "rice", "atta"))
    assert [await db.read(shelf.left, name) for name in ("atta", "rice")] == [0, 0]


async def test_a_unit_that_has_to_be_alone_fails_where_it_is_not(db: Database) -> None:
    def alone(conn: Connection) -> str:
        require_alone(conn)
        return conn.dialect.name

    if await db.run(alone) == "sqlite":
        await db.run(row_guarded(alone))  # alone there too
    else:
        with pytest.raises(RuntimeError, match="needs to be alone"):
            await db.run(row_guarded(alone))


async def test_a_query_sees_one_moment_while_others_write(opened: Open) -> None:
    db, other = opened(), opened()
    await db.run(shelf.put, "atta")

    def twice(conn: Connection) -> tuple[list[str], list[str]]:
        before = shelf.names(conn)
        elsewhere = threading.Thread(target=lambda: asyncio.run(write_elsewhere()))
        elsewhere.start()
        elsewhere.join()
        return before, shelf.names(conn)

    async def write_elsewhere() -> None:
        await other.run(shelf.put, "rice")

    assert await db.read(twice) == (["atta"], ["atta"])
    assert await db.read(shelf.names) == ["atta", "rice"]


async def test_a_query_cannot_write(db: Database) -> None:
    with pytest.raises(DBAPIError):
        await db.read(shelf.put, "smuggled")
    assert await db.read(shelf.names) == []
    assert await db.run(shelf.put, "declared") == "declared"


async def test_a_query_that_fails_harms_no_later_one(db: Database) -> None:
    with pytest.raises(DBAPIError):
        await db.read(lambda conn: conn.execute(sa.text("select nonsense from nowhere")))
    assert await db.read(shelf.names) == []


# ---- bounded in time


async def test_a_unit_that_waited_too_long_is_not_run(opened: Open) -> None:
    db = opened(timeout_s=0.2, pool_size=1)
    async with occupied(db):
        late = asyncio.create_task(db.run(shelf.put, "late"))
        await asyncio.sleep(0.3)
    with pytest.raises(errors.TimedOut):
        await late
    assert await db.read(shelf.names) == []
    assert await db.run(shelf.put, "in time") == "in time"


@pytest.mark.parametrize("endless", [shelf.count_for_ever, shelf.fill_for_ever])
async def test_a_statement_without_end_is_stopped_and_the_database_goes_on(
    opened: Open, endless: Callable[[Connection], object]
) -> None:
    db = opened(timeout_s=0.3)
    with pytest.raises(errors.TimedOut):
        await db.run(endless)
    assert await db.run(shelf.put, "next") == "next"
    assert await db.read(shelf.names) == ["next"]


async def test_a_query_without_end_is_stopped_and_the_database_goes_on(opened: Open) -> None:
    db = opened(timeout_s=0.3)
    with pytest.raises(errors.TimedOut):
        await db.read(shelf.count_for_ever)
    assert await db.read(shelf.names) == []


async def test_many_short_statements_do_not_outrun_the_time_limit(opened: Open) -> None:
    db = opened(timeout_s=0.3)

    def for_ever(conn: Connection) -> None:
        while True:
            shelf.names(conn)
            shelf.dawdle(conn, 0.02)

    with pytest.raises(errors.TimedOut):
        await db.run(for_ever)
    assert await db.run(shelf.put, "next") == "next"


async def test_a_full_queue_is_refused_at_once(opened: Open) -> None:
    db = opened(max_waiting=2, pool_size=1)
    async with occupied(db):
        waiting = [asyncio.create_task(db.run(shelf.put, f"{n}")) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(errors.Busy):
            await db.run(shelf.put, "one too many")
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(outcome, errors.Busy) for outcome in outcomes) <= 2
    assert await db.run(shelf.put, "later") == "later"


async def test_a_slow_unit_is_named_in_the_log(opened: Open) -> None:
    strict, patient = opened(slow_s=0.01), opened(slow_s=60.0)
    with structlog.testing.capture_logs() as lines:
        await strict.run(shelf.dawdle, 0.02)
        await patient.run(shelf.put, "quick")
    assert [line["unit"] for line in lines if line["event"] == "slow unit"] == ["shelf.dawdle"]


# ---- callers that go away, hooks, closing


async def test_a_unit_whose_caller_left_before_it_began_is_not_run(opened: Open) -> None:
    db = opened(pool_size=1)
    async with occupied(db):
        caller = asyncio.create_task(db.run(shelf.put, "unwanted"))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    await db.run(shelf.put, "wanted")
    assert await db.read(shelf.names) == ["wanted"]


async def test_hooks_are_called_after_the_commit_and_never_for_a_failed_unit(db: Database) -> None:
    seen: list[str] = []
    threads: set[int] = set()

    def told(conn: Connection, name: str, error: Exception | None = None) -> None:
        shelf.put(conn, name)
        after_commit(conn, lambda: seen.append(name))
        after_commit(conn, lambda: threads.add(threading.get_ident()))
        if error:
            raise error

    units = db.run(told, "one"), db.run(told, "two", Refused()), db.run(told, "three")
    outcomes = await asyncio.gather(*units, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), Refused, type(None)]
    await db.run(shelf.put, "four")
    assert sorted(seen) == ["one", "three"]
    assert threads == {threading.get_ident()}


async def test_closing_finishes_what_waits_and_refuses_what_comes(db: Database) -> None:
    waiting = [asyncio.create_task(db.run(shelf.put, f"{n}")) for n in range(5)]
    await asyncio.sleep(0)
    await db.close()
    assert sorted(await asyncio.gather(*waiting)) == [f"{n}" for n in range(5)]
    for call in (db.run(shelf.names), db.read(shelf.names)):
        with pytest.raises(errors.Retryable) as refusal:
            await call
        assert refusal.value.of == "kernel.shutting_down"
    await db.close()


async def test_what_was_answered_is_there_for_the_next_process(opened: Open) -> None:
    first = opened()
    await first.run(shelf.put, "kept")
    second = opened()
    assert await second.read(shelf.names) == ["kept"]
