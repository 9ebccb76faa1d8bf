"""Sealed columns in a real database: written, found, read, moved, rotated."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, create_engine, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

from mela.kernel.clock import FakeClock
from mela.kernel.db import Database, open_database
from mela.kernel.db.migrate import driver_url
from mela.kernel.sealed import (
    BlindIndex,
    CannotOpen,
    KeyProvider,
    SealedJson,
    SealedText,
    catch_up,
    create_tables,
    found_by,
    hashes,
    hashes_like,
    of,
    row,
)
from mela.kernel.sealed.files import make_file
from mela.kernel.sealed.keyring import SEARCHED_S, Keyring, load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.kernel.sealed.provider import KeysUnusable
from mela.kernel.sealed.rotation import LEARN_S, Sealer, begin, count_by_key, count_hashes, index_all, progress, step
from tests import kit
from tests.fakes import transit

metadata = MetaData()
people = Table(
    "people", metadata,
    Column("id", String(40), primary_key=True),
    Column("phone", SealedText("people.phone"), nullable=False),
    Column("phone_index", BlindIndex("people.phone"), unique=True),
    Column("home", SealedJson("people.home")),
)  # fmt: skip
papers = Table(
    "papers", metadata,
    Column("seller", String(20), primary_key=True),
    Column("serial", Integer, primary_key=True),
    Column("body", SealedJson("papers.body"), nullable=False),
)  # fmt: skip
marked = Table(
    "marked", metadata,
    Column("id", String(40), primary_key=True),
    Column("device", SealedText("marked.device")),
    Column("device_index", BlindIndex("marked.device", later=True)),
)  # fmt: skip
TABLES = (people, papers, marked)
NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)


class Store:
    """A database with sealed tables, and its keys."""

    def __init__(self, url: str, provider: KeyProvider, clock: FakeClock) -> None:
        self.url, self.provider, self.clock = url, provider, clock
        self.keys = self.open_keys()
        self.db: Database = open_database(url, service="people", keyring=self.keys)

    def open_keys(self) -> Keyring:
        return load_keyring(lambda: self.url, self.provider, service="people", clock=self.clock)

    def sealer(self, keys: Keyring | None = None) -> Sealer:
        return Sealer(self.db, TABLES, keys or self.keys, self.clock)

    async def put(self, number: int) -> None:
        await self.db.run(insert, f"per_{number:05}", f"+9198765{number:05}")

    async def raw(self, column: str = "phone", name: str = "people") -> list[str]:
        return await self.db.read(lambda conn: list(conn.scalars(text(f"select {column} from {name} order by 1"))))  # noqa: S608

    async def phones(self) -> list[str]:
        return await self.db.read(lambda conn: sorted(conn.scalars(select(people.c.phone))))

    async def found(self, phone: str) -> list[str]:
        """Whose phone it is, looked for under every key."""
        return await self.db.read(holders, phone)

    async def rotate(self) -> int:
        return await self.db.run(begin, self.provider, service="people", now=self.clock.now())


def doing(statement: Any, *values: Any) -> Callable[[Connection], None]:
    """A unit of one statement."""

    def unit(conn: Connection) -> None:
        conn.execute(statement, *values)

    return unit


def holders(conn: Connection, phone: str) -> list[str]:
    query = select(people.c.id).where(found_by(people.c.phone_index, "phone"))
    return list(conn.scalars(query, {"phone": hashes(conn, people.c.phone_index, phone)}))


def insert(conn: Connection, identity: str, phone: str) -> None:
    values = {"id": identity, "phone": phone, "home": {"city": "Indore", "of": phone}}
    conn.execute(people.insert(), row(people, values))


@asynccontextmanager
async def stored(folder: Path, engine: str, provider: KeyProvider | None = None) -> AsyncIterator[Store]:
    url = kit.database_url(engine, folder, "people")
    made = create_engine(driver_url(url))
    with made.begin() as conn:
        create_tables(conn)
        metadata.create_all(conn)
    made.dispose()
    provider = provider or open_provider(make_file(folder / "keys.json"))
    store = Store(url, provider, FakeClock(NOW))
    try:
        yield store
    finally:
        await store.db.close()


@pytest.fixture(params=kit.ENGINES)
async def store(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with stored(tmp_path, request.param) as store:
        yield store


def plainly(number: int) -> Callable[[Connection], None]:
    """A row as it was written before there were sealed columns."""
    values = {"id": f"old_{number:05}", "phone": f"+9188888{number:05}", "home": '{"city":"Old Town"}'}
    return doing(text("insert into people (id, phone, home) values (:id, :phone, :home)"), values)


async def test_a_row_is_written_sealed_read_plain_and_found_by_keyed_hash(store: Store) -> None:
    await store.put(1)
    assert all(kept.startswith("sealed:1:") for kept in await store.raw() + await store.raw("home"))
    assert "98765" not in "".join(await store.raw() + await store.raw("home") + await store.raw("phone_index"))
    assert await store.found("+919876500001") == ["per_00001"]
    found = await store.db.read(lambda conn: conn.execute(select(people)).one())
    assert (found.phone, found.home["city"]) == ("+919876500001", "Indore")
    assert await store.found("+919876500002") == []


async def test_the_keyed_hash_keeps_phones_unique(store: Store) -> None:
    await store.put(1)
    with pytest.raises(IntegrityError):
        await store.db.run(insert, "per_another", "+919876500001")


async def test_a_row_with_a_key_of_several_columns_reads_back_also_by_returning(store: Store) -> None:
    values = {"seller": "malwa", "serial": 7, "body": {"total": 23_900}}
    written = papers.insert().returning(papers.c.body)
    assert (await store.db.run(lambda conn: conn.execute(written, row(papers, values)).scalar_one())) == {
        "total": 23_900
    }
    changed = (
        update(papers).where(papers.c.serial == 7).values(body=of("malwa/7", {"total": 1})).returning(papers.c.body)
    )
    assert (await store.db.run(lambda conn: conn.execute(changed).scalar_one())) == {"total": 1}


@pytest.mark.parametrize("move", ["update people set phone = (select phone from people where id = 'per_00001') where id = 'per_00002'",
                                  "update people set home = phone where id = 'per_00002'"])  # fmt: skip
async def test_a_value_moved_to_another_row_or_column_does_not_open(store: Store, move: str) -> None:
    await store.put(1)
    await store.put(2)
    await store.db.run(doing(text(move)))
    with pytest.raises(CannotOpen):
        await store.db.read(lambda conn: conn.execute(select(people).where(people.c.id == "per_00002")).one())


def test_a_bare_value_is_a_mistake_that_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"sealed\.row"):
        SealedText("people.phone").process_bind_param("+919876500001", sqlite.dialect())  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="without its keyring"):
        SealedText("people.phone").process_bind_param(of("per_1", "+919876500001"), sqlite.dialect())


async def test_rows_of_before_are_read_hashed_at_start_and_then_sealed(store: Store) -> None:
    for number in range(3):
        await store.db.run(plainly(number))
    index_all(lambda: store.url, TABLES, store.keys)
    assert await store.found("+918888800001") == ["old_00001"]
    await store.db.run(plainly(7))  # by a process of the version before, which still runs
    assert len(await store.phones()) == 4
    await store.sealer().run()
    store.clock.advance(LEARN_S)
    await store.sealer().run()
    assert all(kept.startswith("sealed:1:") for kept in await store.raw() + await store.raw("home"))
    assert None not in await store.raw("phone_index")
    assert len(await store.phones()) == 4


async def test_nothing_plain_is_believed_where_everything_was_sealed(store: Store) -> None:
    await store.sealer().run()  # the tables are empty: nobody of a version before has ever written
    await store.put(1)
    store.keys.refresh()
    await store.db.run(doing(text("update people set phone = '+910000000000'")))
    with pytest.raises(CannotOpen):
        await store.phones()


async def test_after_a_rotation_every_row_is_readable_and_none_is_under_the_old_key(store: Store) -> None:
    for number in range(450):
        await store.put(number)
    before = await store.phones()
    assert await store.rotate() == 2
    await store.sealer().run()
    store.clock.advance(LEARN_S)
    await store.sealer().run()
    await store.sealer().run()
    assert await store.db.read(count_by_key, people) == {"2": 900}
    assert await store.phones() == before
    at = {each.table: each for each in await store.db.read(progress)}
    assert (at["people"].finished, at["people"].done, at["people"].number) == (True, 900, 2), "sealed, and then hashed"


async def test_a_rotation_broken_off_goes_on_where_it_was(store: Store) -> None:
    for number in range(30):
        await store.put(number)
    await store.rotate()
    store.keys.refresh()
    await store.db.run(step, people, store.keys, store.clock.now(), 10)
    assert await store.db.read(count_by_key, people) == {"1": 40, "2": 20}
    assert len(await store.phones()) == 30
    after = Sealer(store.db, TABLES, store.open_keys(), store.clock)  # as another process would
    at = await after.seal(people)
    assert at.done == 30
    assert await store.db.read(count_by_key, people) == {"2": 60}


async def test_who_has_not_heard_of_the_new_key_yet_is_waited_for(store: Store) -> None:
    await store.put(1)
    stale = open_database(store.url, service="people", keyring=store.open_keys())
    await store.rotate()
    await store.sealer().run()
    await stale.run(insert, "per_stale", "+919876500009")
    assert (await store.db.read(count_by_key, people))["1"] == 2
    store.clock.advance(LEARN_S)
    for _ in range(2):
        await store.sealer().run()
    assert await store.db.read(count_by_key, people) == {"2": 4}
    assert await stale.read(lambda conn: len(list(conn.scalars(select(people.c.phone))))) == 2  # met, and learnt
    await stale.close()


async def numbers(store: Store) -> list[Any]:
    """The data keys that there are."""
    return await store.raw("number", "data_keys where purpose = 'seal'")


async def rotated(store: Store) -> None:
    """New keys, and everything sealed anew."""
    await store.rotate()
    for _ in range(2):
        await store.sealer().run()
        store.clock.advance(LEARN_S)


async def test_a_key_that_seals_nothing_any_more_is_destroyed(store: Store) -> None:
    await store.put(1)
    await rotated(store)
    assert await numbers(store) == [1, 2], "it may still be in use until now"
    await store.sealer().run()
    assert await numbers(store) == [2]
    assert await store.phones() == ["+919876500001"]
    store.keys = store.open_keys()
    assert await store.rotate() == 3


async def test_a_key_that_still_seals_something_stays_until_that_is_sealed_anew(store: Store) -> None:
    await store.put(1)
    stale = open_database(store.url, service="people", keyring=store.open_keys())
    await rotated(store)
    await stale.run(insert, "per_stale", "+919876500009")  # a process that was stopped for a while
    await stale.close()
    await store.sealer().run()
    assert await numbers(store) == [1, 2]
    for _ in range(2):
        await store.sealer().run()
        store.clock.advance(LEARN_S)
    await store.sealer().run()
    assert await numbers(store) == [2]
    assert await store.phones() == ["+919876500001", "+919876500009"]


async def indexes(store: Store) -> list[Any]:
    """The index keys that there are."""
    return await store.raw("number", "data_keys where purpose = 'index'")


async def test_while_the_index_key_changes_everything_is_found_and_then_the_old_one_is_destroyed(store: Store) -> None:
    for number in range(150):
        await store.put(number)
    await store.rotate()
    await store.sealer().run()
    assert await store.db.read(count_hashes, people) == {"1": 150}, "not all search with the new key yet"
    assert await store.found("+919876500007") == ["per_00007"]
    store.clock.advance(SEARCHED_S)
    await store.put(150)
    assert await store.db.read(count_hashes, people) == {"1": 150, "2": 1}
    store.keys.refresh()
    await store.db.run(step, people, store.keys, store.clock.now(), 60)  # and then it is killed
    assert await store.db.read(count_hashes, people) == {"1": 90, "2": 61}
    for number in (7, 149, 150):
        assert await store.found(f"+9198765{number:05}") == [f"per_{number:05}"]
    for _ in range(4):
        store.clock.advance(LEARN_S)
        await store.sealer().run()
    assert await store.db.read(count_hashes, people) == {"2": 151}
    assert await indexes(store) == [2]
    assert await store.found("+919876500007") == ["per_00007"]
    store.keys = store.open_keys()
    assert await store.found("+919876500149") == ["per_00149"]


class Joining:
    """Takes a phone in once, by two processes: both look before either commits, where a database lets two write at once."""

    def __init__(self, store: Store) -> None:
        self._both = None if store.url.startswith("sqlite") else threading.Barrier(2, timeout=10)
        self._tried: set[str] = set()

    def join(self, conn: Connection, identity: str, phone: str) -> str:
        found = holders(conn, phone) or (holders(conn, phone) if catch_up(conn) else [])
        if self._both is not None and identity not in self._tried:
            self._tried.add(identity)
            self._both.wait()
        if not found:
            insert(conn, identity, phone)
        return found[0] if found else identity


@pytest.mark.parametrize("passed_s", [1, SEARCHED_S - 1, SEARCHED_S])
async def test_two_processes_that_take_in_one_phone_under_two_keys_take_it_in_once(store: Store, passed_s: int) -> None:
    ahead = Store(store.url, store.provider, FakeClock(NOW))
    await store.rotate()
    ahead.keys.refresh()  # the other has not heard of the key yet
    ahead.clock.advance(SEARCHED_S)
    store.clock.advance(passed_s)
    for number in range(5):
        joining, phone = Joining(store), f"+9198765{number:05}"
        who = await asyncio.gather(
            store.db.run(joining.join, f"per_old_{number}", phone),
            ahead.db.run(joining.join, f"per_new_{number}", phone),
        )
        assert len(set(who)) == 1
        assert await store.found(phone) == await ahead.found(phone) == [who[0]]
    await ahead.db.close()


async def test_an_index_key_by_which_something_is_found_stays_until_that_is_hashed_anew(store: Store) -> None:
    await store.put(1)
    stale_clock = FakeClock(NOW)
    stale = Store(store.url, store.provider, stale_clock)  # a process that was stopped for a while
    await rotated(store)
    await stale.put(2)
    await stale.db.close()
    await store.sealer().run()
    assert await indexes(store) == [1, 2]
    assert await store.found("+919876500002") == ["per_00002"]
    for _ in range(3):
        await store.sealer().run()
        store.clock.advance(LEARN_S)
    assert await indexes(store) == [2]
    assert await store.found("+919876500002") == ["per_00002"]


async def test_a_hash_whose_value_is_no_more_holds_back_no_key(store: Store) -> None:
    await store.db.run(doing(marked.insert(), row(marked, {"id": "pay_1", "device": "d" * 16})))
    await store.db.run(doing(marked.insert(), row(marked, {"id": "pay_2", "device": "d" * 16})))
    await store.db.run(doing(update(marked).where(marked.c.id == "pay_1").values(device=None)))  # erased
    await store.db.run(doing(marked.insert(), row(marked, {"id": "pay_3", "device": None})))
    await rotated(store)
    await store.sealer().run()
    assert await indexes(store) == [2]
    assert await store.db.read(count_hashes, marked) == {"2": 1}


async def test_rows_alike_are_found_from_one_of_them_while_the_key_changes(store: Store) -> None:
    for number in (1, 2):
        await store.db.run(doing(marked.insert(), row(marked, {"id": f"pay_{number}", "device": "d" * 16})))

    def alike(conn: Connection) -> list[str]:
        kept = conn.execute(select(marked.c.device_index).where(marked.c.id == "pay_1")).scalar_one()
        like = {"of": hashes_like(conn, marked.c.device_index, kept, "pay_1")}
        return list(conn.scalars(select(marked.c.id).where(found_by(marked.c.device_index, "of")).order_by("id"), like))

    assert await store.db.read(alike) == ["pay_1", "pay_2"]
    await store.rotate()
    store.keys.refresh()
    store.clock.advance(SEARCHED_S)
    await store.db.run(doing(marked.insert(), row(marked, {"id": "pay_3", "device": "d" * 16})))
    assert await store.db.read(count_hashes, marked) == {"1": 2, "2": 1}
    assert await store.db.read(alike) == ["pay_1", "pay_2", "pay_3"]
    await store.db.run(doing(update(marked).where(marked.c.id == "pay_1").values(device=None)))
    assert await store.db.read(alike) == ["pay_1", "pay_2"], "who went is known by the old hash only"


async def test_keys_of_before_index_keys_changed_make_what_lasts_of_the_first(store: Store) -> None:
    lasting = store.keys.blind("mk_live_1", "tokens.hash")
    await store.db.run(doing(text("delete from data_keys where purpose = 'lasting'")))
    assert store.open_keys().lasting("mk_live_1", "tokens.hash") == lasting


async def test_reads_and_writes_go_on_while_rows_are_sealed_anew(store: Store) -> None:
    for number in range(300):
        await store.put(number)

    async def rename(number: int) -> None:
        identity = f"per_{number:05}"
        change = update(people).where(people.c.id == identity).values(home=of(identity, {"city": f"town {number}"}))
        await store.db.run(doing(change))
        await store.put(1_000 + number)
        assert len(await store.phones()) >= 300

    await store.rotate()
    await asyncio.gather(store.sealer().run(), *(rename(number) for number in range(0, 300, 5)))
    store.clock.advance(LEARN_S)
    await store.sealer().run()
    await store.sealer().run()
    homes = await store.db.read(lambda conn: dict(conn.execute(select(people.c.id, people.c.home)).all()))
    assert all(homes[f"per_{number:05}"] == {"city": f"town {number}"} for number in range(0, 300, 5))
    assert set(await store.db.read(count_by_key, people)) == {"2"}
    assert len(await store.phones()) == 360


async def test_the_providers_rotation_wraps_the_data_keys_anew(store: Store) -> None:
    await store.put(1)
    store.provider.rotate()
    await store.rotate()
    wrapped: list[str] = await store.raw("wrapped", "data_keys")
    assert len(wrapped) == 5
    assert all(store.provider.is_newest(each) for each in wrapped)
    assert store.open_keys().number == 2


async def test_a_database_without_its_keys_gives_nobody_away(store: Store, tmp_path: Path) -> None:
    await store.put(1)
    another = open_provider(make_file(tmp_path / "other" / "keys.json"))
    with pytest.raises(KeysUnusable):
        load_keyring(lambda: store.url, another, service="people", clock=store.clock)


async def test_a_key_service_by_vaults_transit_api_wraps_unwraps_and_rotates(tmp_path: Path) -> None:
    with transit.running() as (vault, url):
        async with stored(tmp_path, "sqlite", open_provider(url, token=transit.TOKEN)) as store:
            await store.put(1)
            asked = len(vault.asked)
            assert await store.phones() == ["+919876500001"]
            assert len(vault.asked) == asked  # not for a row
            store.provider.rotate()
            await store.rotate()
            assert all(each.startswith("vault:v2:") for each in await store.raw("wrapped", "data_keys"))
            assert store.open_keys().number == 2


async def test_a_key_service_that_says_no_is_quoted_and_what_it_wrapped_for_another_is_refused(tmp_path: Path) -> None:
    with transit.running() as (_, url):
        with pytest.raises(KeysUnusable, match="403 permission denied"):
            open_provider(url, token="another").wrap(b"k" * 32, "people/seal/1")
        provider = open_provider(url, token=transit.TOKEN)
        with pytest.raises(KeysUnusable, match="something else"):
            provider.unwrap(provider.wrap(b"k" * 32, "people/seal/1"), "people/seal/2")
    with pytest.raises(KeysUnusable, match="does not answer"):
        provider.wrap(b"k" * 32, "people/seal/1")
    with pytest.raises(KeysUnusable, match="MELA_KEYS_TOKEN"):
        open_provider(url)


async def test_null_stays_null(store: Store) -> None:
    values: dict[str, Any] = {"id": "per_1", "phone": "+919876500001", "home": None}
    await store.db.run(doing(people.insert(), row(people, values)))
    assert await store.db.read(lambda conn: conn.execute(select(people.c.home)).scalar_one()) is None
