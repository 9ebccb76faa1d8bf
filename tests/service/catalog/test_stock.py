"""Stock: the service and the fake that others test with keep the same contract; nothing is sold twice, however many ask."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from mela.contracts.catalog import Catalog, Line, OutOfStock, ReservationLost, UnknownSku
from mela.kernel.clock import FakeClock
from mela.kernel.errors import Invalid, MelaError
from mela.kernel.idempotency import KeyReused
from mela.services.catalog import tables
from mela.services.catalog.model import StockLevel
from mela.services.catalog.store import stock
from mela.services.catalog.tables import stock as stock_table
from tests.fakes.catalog import FakeCatalog
from tests.kit import Running

RICE, GHEE = "RICE-SONA-5KG", "GHEE-COW-1L"


def _set(conn: Connection, levels: dict[str, int]) -> None:
    for sku, pieces in levels.items():
        conn.execute(update(stock_table).where(stock_table.c.sku == sku).values(on_hand=pieces, reserved=0))


@pytest.fixture
async def skus(app: Running) -> tuple[str, str]:
    """Two skus with four and two pieces."""
    page = (await app.client.get("/api/catalog/products?category=grocery&limit=2")).json()
    one, two = (item["variant"]["sku"] for item in page["items"])
    await app.db.run(_set, {one: 4, two: 2})
    return one, two


async def _level(app: Running, sku: str) -> StockLevel:
    return await app.db.read(stock.level, sku)


async def test_reserved_pieces_are_free_for_nobody_else(app: Running, skus: tuple[str, str], clock: FakeClock) -> None:
    until = await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60)
    assert until == clock.now() + timedelta(seconds=60)
    with pytest.raises(OutOfStock) as refused:
        await app.service.reserve(key="b", lines=[Line(skus[0], 2)], seconds=60)
    assert refused.value.params == {"sku": skus[0], "left": 1}
    assert await _level(app, skus[0]) == StockLevel(skus[0], 4, 3)


async def test_all_lines_are_held_or_none(app: Running, skus: tuple[str, str]) -> None:
    with pytest.raises(OutOfStock):
        await app.service.reserve(key="a", lines=[Line(skus[0], 1), Line(skus[1], 3)], seconds=60)
    with pytest.raises(UnknownSku):
        await app.service.reserve(key="b", lines=[Line(skus[0], 1), Line("NO-SUCH-SKU", 1)], seconds=60)
    assert (await _level(app, skus[0])).reserved == (await _level(app, skus[1])).reserved == 0


async def test_lines_of_one_sku_add_up(app: Running, skus: tuple[str, str]) -> None:
    await app.service.reserve(key="a", lines=[Line(skus[0], 1), Line(skus[0], 2)], seconds=60)
    assert (await _level(app, skus[0])).reserved == 3


@pytest.mark.parametrize("lines", [[], [Line("RICE-SONA-5KG", 0)], [Line("RICE-SONA-5KG", -1)]])
async def test_a_reservation_has_at_least_one_piece(app: Running, lines: list[Line]) -> None:
    with pytest.raises(Invalid):
        await app.service.reserve(key="a", lines=lines, seconds=60)


async def test_the_same_key_again_changes_nothing(app: Running, skus: tuple[str, str], clock: FakeClock) -> None:
    until = await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60)
    clock.advance(10)
    assert await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60) == until
    with pytest.raises(KeyReused):
        await app.service.reserve(key="a", lines=[Line(skus[0], 1)], seconds=60)
    assert (await _level(app, skus[0])).reserved == 3


async def test_a_commit_sells_once(app: Running, skus: tuple[str, str]) -> None:
    await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60)
    await app.service.commit(key="a")
    await app.service.commit(key="a")
    assert await _level(app, skus[0]) == StockLevel(skus[0], 1, 0)


async def test_what_was_sold_comes_back_when_its_key_is_released(app: Running, skus: tuple[str, str]) -> None:
    await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60)
    await app.service.commit(key="a")
    await app.service.release(key="a")
    await app.service.release(key="a")
    assert await _level(app, skus[0]) == StockLevel(skus[0], 4, 0)
    with pytest.raises(ReservationLost):
        await app.service.commit(key="a")


async def test_a_release_that_overtakes_its_reservation_wins(app: Running, skus: tuple[str, str]) -> None:
    await app.service.release(key="a")
    with pytest.raises(ReservationLost):
        await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60)
    with pytest.raises(ReservationLost):
        await app.service.commit(key="a")
    assert await _level(app, skus[0]) == StockLevel(skus[0], 4, 0)


async def test_a_released_reservation_is_free_at_once_and_lost_for_good(app: Running, skus: tuple[str, str]) -> None:
    await app.service.reserve(key="a", lines=[Line(skus[0], 3)], seconds=60)
    await app.service.release(key="a")
    await app.service.release(key="a")
    await app.service.release(key="never-seen")
    assert await _level(app, skus[0]) == StockLevel(skus[0], 4, 0)
    with pytest.raises(ReservationLost):
        await app.service.commit(key="a")


async def test_an_unknown_reservation_cannot_be_committed(app: Running) -> None:
    with pytest.raises(ReservationLost):
        await app.service.commit(key="never-seen")


async def test_the_job_frees_what_ran_out_and_nothing_else(
    app: Running, skus: tuple[str, str], clock: FakeClock
) -> None:
    await app.service.reserve(key="short", lines=[Line(skus[0], 2), Line(skus[1], 1)], seconds=60)
    await app.service.reserve(key="long", lines=[Line(skus[0], 1)], seconds=61)
    clock.advance(60)
    await app.run_job("expire reservations")
    await app.run_job("expire reservations")
    assert (await _level(app, skus[0])).reserved == 1
    assert (await _level(app, skus[1])).reserved == 0


async def test_what_ran_out_is_free_for_the_next_before_any_job_ran(
    app: Running, skus: tuple[str, str], clock: FakeClock
) -> None:
    await app.service.reserve(key="a", lines=[Line(skus[0], 4)], seconds=60)
    clock.advance(60)
    await app.service.reserve(key="b", lines=[Line(skus[0], 4)], seconds=60)
    with pytest.raises(ReservationLost):
        await app.service.commit(key="a")
    await app.service.commit(key="b")
    assert await _level(app, skus[0]) == StockLevel(skus[0], 0, 0)


async def test_what_ran_out_is_taken_up_again_if_it_is_still_there(
    app: Running, skus: tuple[str, str], clock: FakeClock
) -> None:
    await app.service.reserve(key="a", lines=[Line(skus[0], 4)], seconds=60)
    clock.advance(3_600)
    await app.run_job("expire reservations")
    await app.service.commit(key="a")
    assert await _level(app, skus[0]) == StockLevel(skus[0], 0, 0)


async def test_goods_come_back_once_per_key(app: Running, skus: tuple[str, str]) -> None:
    await app.service.restock(key="return-1", lines=[Line(skus[0], 1), Line(skus[1], 2)])
    await app.service.restock(key="return-1", lines=[Line(skus[0], 1), Line(skus[1], 2)])
    assert ((await _level(app, skus[0])).on_hand, (await _level(app, skus[1])).on_hand) == (5, 4)
    with pytest.raises(UnknownSku):
        await app.service.restock(key="return-2", lines=[Line(skus[0], 1), Line("NO-SUCH-SKU", 2)])
    assert (await _level(app, skus[0])).on_hand == 5


async def test_of_sixty_who_want_the_last_three_pieces_three_get_one(app: Running, skus: tuple[str, str]) -> None:
    await app.db.run(_set, {skus[0]: 3})
    tries = [app.service.reserve(key=f"buyer-{n}", lines=[Line(skus[0], 1)], seconds=60) for n in range(60)]
    outcomes = Counter(type(outcome).__name__ for outcome in await asyncio.gather(*tries, return_exceptions=True))
    assert outcomes == {"datetime": 3, "OutOfStock": 57}
    assert await _level(app, skus[0]) == StockLevel(skus[0], 3, 3)


async def test_one_key_sent_many_times_at_once_holds_once(app: Running, skus: tuple[str, str]) -> None:
    tries = [app.service.reserve(key="impatient", lines=[Line(skus[0], 1)], seconds=60) for _ in range(20)]
    assert len(set(await asyncio.gather(*tries))) == 1
    assert (await _level(app, skus[0])).reserved == 1


BASKETS = st.tuples(st.integers(0, 3), st.integers(0, 2)).filter(any)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(baskets=st.lists(BASKETS, min_size=2, max_size=16), pieces=st.tuples(st.integers(0, 6), st.integers(0, 6)))
async def test_concurrent_buyers_never_get_more_than_there_is(
    app: Running, skus: tuple[str, str], baskets: list[tuple[int, int]], pieces: tuple[int, int]
) -> None:
    await app.db.run(_set, dict(zip(skus, pieces, strict=True)))
    run = f"{baskets}-{pieces}"

    async def buy(number: int, basket: tuple[int, int]) -> tuple[int, int]:
        lines = [Line(sku, n) for sku, n in zip(skus, basket, strict=True) if n]
        try:
            await app.service.reserve(key=f"{hash(run)}-{number}", lines=lines, seconds=600)
        except OutOfStock:
            return (0, 0)
        return basket

    held = await asyncio.gather(*(buy(number, basket) for number, basket in enumerate(baskets)))
    for place, sku in enumerate(skus):
        level = await _level(app, sku)
        assert level.reserved == sum(basket[place] for basket in held) <= level.on_hand == pieces[place]


KEYS = st.sampled_from(["a", "b", "c"])
PIECES = st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(any)
STEPS = st.one_of(
    st.tuples(st.just("reserve"), KEYS, PIECES),
    st.tuples(st.just("commit"), KEYS),
    st.tuples(st.just("release"), KEYS),
    st.tuples(st.just("restock"), KEYS, PIECES),
    st.tuples(st.just("wait"), st.sampled_from([30, 60, 90])),
    st.tuples(st.just("job")),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
async def test_the_fake_answers_every_sequence_as_the_service_does(
    app: Running, skus: tuple[str, str], clock: FakeClock, steps: list[tuple[object, ...]]
) -> None:
    await app.db.run(_forget)
    await app.db.run(_set, {skus[0]: 4, skus[1]: 2})
    goods = dict.fromkeys(skus, next(iter(FakeCatalog().goods.values())))
    fake = FakeCatalog(clock, {skus[0]: 4, skus[1]: 2}, goods)
    for step in steps:
        if step[0] == "wait":
            clock.advance(float(str(step[1])))
        elif step[0] == "job":
            await app.run_job("expire reservations")
        else:
            assert await _outcome(_call(app.service, skus, step)) == await _outcome(_call(fake, skus, step)), step
    await app.run_job("expire reservations")
    for sku in skus:
        level = await _level(app, sku)
        assert (level.on_hand, level.free) == (fake.on_hand[sku], fake.free(sku))


def _forget(conn: Connection) -> None:
    for table in (tables.reservation_lines, tables.reservations, tables.restocks):
        conn.execute(table.delete())


def _call(catalog: Catalog, skus: tuple[str, str], step: tuple[object, ...]) -> Awaitable[object]:
    name, key, *rest = step
    if not rest:
        return getattr(catalog, str(name))(key=key)  # type: ignore[no-any-return]
    assert isinstance(rest[0], tuple)
    lines = [Line(sku, n) for sku, n in zip(skus, rest[0], strict=True) if n]
    if name == "restock":
        return catalog.restock(key=str(key), lines=lines)
    return catalog.reserve(key=str(key), lines=lines, seconds=60)


async def _outcome(call: Awaitable[object]) -> object:
    try:
        return await call
    except MelaError as error:
        return error.of, error.params
