"""A phone is one customer's, also while the key changes by whose hash it is found."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from mela.kernel import ids
from mela.kernel.clock import FakeClock
from mela.kernel.db import Database, open_database
from mela.kernel.db.direct import transaction
from mela.kernel.sealed import KeyProvider
from mela.kernel.sealed.files import make_file
from mela.kernel.sealed.keyring import SEARCHED_S, Keyring, load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.kernel.sealed.rotation import LEARN_S, Sealer, begin, count_hashes
from mela.services.accounts import rules, store, tables
from mela.services.accounts.app import SERVICE
from mela.services.accounts.model import Code, Customer, Limit, SignIn, Token, Verdict
from tests import kit

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
PHONE, KEY = "+919876543210", "k" * 32
ASKED = itertools.count()
PERSONAL = (tables.customers, tables.codes)


@dataclass
class Process:
    """One process of accounts, with a clock of its own."""

    url: str
    db: Database
    keys: Keyring
    clock: FakeClock
    folder: Path

    async def asks(self, phone: str = PHONE) -> Code:
        asked = NOW + timedelta(seconds=next(ASKED))  # in the order of asking, whatever a process's clock says
        code = Code(ids.new_id("code"), phone, "en", asked, NOW + timedelta(hours=1))
        await self.db.run(store.issue_code, code, (Limit(1_000, 3_600),), self.clock.now())
        return code

    def session(self) -> Token:
        now = self.clock.now()
        return Token(ids.new_hex(32), ids.new_id("ses"), "customer", "", "a phone", (), created=now, seen=now)

    def enters(self, conn: Connection, code: Code, session: Token) -> SignIn:
        newcomer = Customer(ids.new_id("cus"), code.phone, "", "en", self.clock.now())
        given = rules.code_digits(KEY, code.id)
        return store.sign_in(conn, code.phone, given, session, newcomer, key=KEY, tries=5, most_sessions=50)

    async def signs_in(self, phone: str = PHONE) -> str:
        """Whose phone it is now."""
        entered = await self.db.run(self.enters, await self.asks(phone), self.session())
        assert entered.verdict is Verdict.RIGHT
        return entered.customer_id or ""

    async def rotates(self) -> None:
        with transaction(self.url) as conn:
            begin(conn, provider(self.folder), service="accounts", now=self.clock.now())
        self.keys.refresh()

    async def seals(self) -> None:
        await Sealer(self.db, PERSONAL, self.keys, self.clock).run()


def provider(folder: Path) -> KeyProvider:
    return open_provider(make_file(folder / "keys.json"))


@asynccontextmanager
async def processes(url: str, folder: Path, count: int) -> AsyncIterator[list[Process]]:
    made = []
    for _ in range(count):
        clock = FakeClock(NOW)
        keys = load_keyring(lambda: url, provider(folder), service="accounts", clock=clock)
        db = open_database(url, service="accounts", keyring=keys)
        made.append(Process(url, db, keys, clock, folder))
    try:
        yield made
    finally:
        for each in made:
            await each.db.close()


@pytest.fixture(params=kit.ENGINES)
async def two(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[list[Process]]:
    async with processes(kit.migrated_url(request.param, tmp_path, SERVICE), tmp_path, 2) as made:
        yield made


async def test_one_code_given_to_two_processes_at_the_moment_of_the_change_makes_one_customer(
    two: list[Process],
) -> None:
    old, new = two
    await old.rotates()
    new.keys.refresh()
    new.clock.advance(SEARCHED_S)
    for number in range(5):
        code = await old.asks(f"+9198765000{number:02}")
        entered = await asyncio.gather(*(each.db.run(each.enters, code, each.session()) for each in two))
        assert [each.verdict for each in entered].count(Verdict.RIGHT) == 1
    assert len(await old.db.read(lambda conn: conn.execute(select(tables.customers.c.id)).all())) == 5


async def test_who_is_known_under_one_key_is_known_under_the_other(two: list[Process]) -> None:
    old, new = two
    meena, ravi = await old.signs_in("+919800000001"), await old.signs_in("+919800000002")
    await old.rotates()
    new.clock.advance(LEARN_S)
    await new.seals()  # hashes both anew
    assert await old.db.read(count_hashes, tables.customers) == {"2": 2}
    third = await new.signs_in("+919800000003")
    assert [await old.signs_in(f"+91980000000{n}") for n in (1, 2, 3)] == [meena, ravi, third]
    assert [await new.signs_in(f"+91980000000{n}") for n in (1, 2, 3)] == [meena, ravi, third]


async def test_a_process_that_slept_through_the_change_takes_nobody_for_new(two: list[Process]) -> None:
    asleep, awake = two
    meena = await asleep.signs_in()
    await awake.rotates()
    for _ in range(3):
        await awake.seals()
        awake.clock.advance(LEARN_S)
    assert await awake.db.read(count_hashes, tables.customers) == {"2": 1}
    asleep.clock.advance(3 * LEARN_S)
    code = await awake.asks()
    entered = await awake.db.run(asleep.enters, code, asleep.session())
    assert entered.customer_id == meena
    assert await asleep.signs_in() == meena
    assert await asleep.signs_in("+919800000009") == await awake.signs_in("+919800000009")
    assert await awake.db.read(count_hashes, tables.customers) == {"2": 2}


async def test_erasing_while_the_key_changes_leaves_no_code_under_either(two: list[Process]) -> None:
    old, new = two
    meena = await old.signs_in()
    await old.rotates()
    new.keys.refresh()
    new.clock.advance(SEARCHED_S)
    await new.asks()
    assert await new.db.read(count_hashes, tables.codes) == {"1": 1, "2": 1}
    await old.db.run(store.erase, meena, "operator", NOW)
    assert await new.db.read(count_hashes, tables.codes) == {}
    assert await new.signs_in() != meena


async def test_an_api_key_outlives_the_key_that_hashed_phones(two: list[Process]) -> None:
    old, new = two
    token = Token("", ids.new_id("key"), "merchant", "kaveri", "till", (), created=NOW, seen=NOW)
    await old.db.run(store.create_key, token, "mk_live_secret", "k1", {})
    await new.rotates()
    for _ in range(3):
        await new.seals()
        new.clock.advance(LEARN_S)
    found = await new.db.read(store.find_token, "mk_live_secret")
    assert found is not None
    assert found.id == token.id
