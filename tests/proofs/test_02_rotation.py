"""Keys of personal data are changed while people read, write, sign up and are looked for, and whoever does it is killed in the middle."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Update, create_engine, select, text, update

from mela.kernel import ids
from mela.kernel.clock import FakeClock, SystemClock
from mela.kernel.db import Database, open_database
from mela.kernel.db.migrate import driver_url, migrate
from mela.kernel.sealed import found_by, hashes, of
from mela.kernel.sealed.files import make_file
from mela.kernel.sealed.keyring import Keyring, load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.kernel.sealed.rotation import CHANGING, LEARN_S, Progress, Sealer, count_by_key, count_hashes, progress
from mela.kernel.sealed.schema import data_keys
from mela.services.accounts import rules, store, tables
from mela.services.accounts.model import Code, Customer, Limit, SignIn, Token, Verdict
from tests import postgres
from tests.proofs import components
from tests.proofs.stage import MELA, Actor, running

CUSTOMERS = 2_500


@pytest.mark.timeout(600)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_rotation_killed_again_and_again_leaves_every_row_readable_found_and_none_under_an_old_key(
    tmp_path: Path, engine: str
) -> None:
    with _database(engine, tmp_path) as (url, environ):
        _plain_customers(url)
        actor = Actor(tmp_path, "accounts", MELA_ACCOUNTS_SMS_URL="http://127.0.0.1:9", **environ)
        with running(actor):  # it hashes and seals what is plain, and goes on while keys change
            killed = [_killed(tmp_path, environ, url, "rotate", at=share) for share in (0.1, 0.5)]
            actor.kill()
            killed.append(_killed(tmp_path, environ, url, "resume", at=0.7))
            actor.start()
            with _keys(tmp_path, environ, "resume") as process:
                report = asyncio.run(_read_and_write(url, tmp_path, until=process))
        print(f"\n{engine}: killed at {killed} of {CUSTOMERS} rows; {report}")
        assert all(0 < done < CUSTOMERS for done in killed)
        assert report.joined
        asyncio.run(_check(url, tmp_path, report))


class Report:
    """What went on beside the last part of the rotation."""

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}
        self.joined: dict[str, str] = {}
        self.reads, self.slowest_s = 0, 0.0

    def __str__(self) -> str:
        return (
            f"{self.reads} reads and searches, {len(self.renamed)} changes and {len(self.joined)} new customers beside it, "
            f"the slowest {self.slowest_s * 1000:.0f} ms"
        )


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'accounts.db'}", {}
        return
    components.need("postgres")
    with postgres.server() as server:
        admin = create_engine(driver_url(server), isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            conn.execute(text("create database accounts"))
        admin.dispose()
        yield (
            server.replace("/postgres", "/accounts"),
            {
                "MELA_DATABASE": server.replace("/postgres", "/{service}"),
                "MELA_KEYS": make_file(folder / "keys.json"),
            },
        )


def _plain_customers(url: str) -> None:
    """As a version without sealed columns left them."""
    migrate(url, service="accounts", package="mela.services.accounts.migrations")
    engine = create_engine(driver_url(url))
    rows = [{"id": _identity(n), "phone": _phone(n), "name": f"Person {n}"} for n in range(CUSTOMERS)]
    with engine.begin() as conn:
        insert = "insert into customers (id, phone, name, language, created) values (:id, :phone, :name, 'hi', 0)"
        conn.execute(text(insert), rows)
    engine.dispose()


def _killed(folder: Path, environ: dict[str, str], url: str, verb: str, at: float) -> int:
    """Run `mela keys VERB` and kill it -9 once this share of the rows is sealed anew; how many were."""
    before = _progress(url)
    limit = time.monotonic() + 240
    with _keys(folder, environ, verb) as process:
        while True:
            found = _progress(url)
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            assert time.monotonic() < limit, found
            fresh = found and (verb == "resume" or not before or found.number > before.number)
            if fresh and found and found.done >= at * CUSTOMERS:
                return found.done


@contextmanager
def _keys(folder: Path, environ: dict[str, str], verb: str) -> Iterator[subprocess.Popen[bytes]]:
    """`mela keys VERB accounts`, killed at the end of the block."""
    doing = [MELA, "keys", verb, "accounts", "--data", str(folder)]
    process = subprocess.Popen(doing, env=os.environ | environ, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _progress(url: str) -> Progress | None:
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as conn:
            return next((each for each in progress(conn) if each.table == "customers"), None)
    finally:
        engine.dispose()


async def _read_and_write(url: str, folder: Path, until: subprocess.Popen[bytes]) -> Report:
    """People read, rename themselves, are looked for and sign up, while `mela keys resume` and the service both go on with it.

    Whoever signs up gives one code to two processes at the same moment.
    """
    report = Report()
    db, other = (_open(url, folder)[0] for _ in range(2))
    number = 0
    while until.poll() is None:
        number = (number + 7_919) % CUSTOMERS
        identity, name = _identity(number), f"Renamed {number}"
        started = time.perf_counter()
        change = update(tables.customers).where(tables.customers.c.id == identity).values(name=of(identity, name))
        await db.run(_execute, change)
        report.renamed[identity] = name
        assert (await db.read(store.customer, identity)).name == name
        assert await db.read(_holders, _phone(number)) == [identity]
        if number % 5 == 0:
            phone = _phone(CUSTOMERS + len(report.joined))
            report.joined[await _sign_up(phone, db, other)] = phone
        report.reads += 1
        report.slowest_s = max(report.slowest_s, time.perf_counter() - started)
        await asyncio.sleep(0.005)
    assert until.returncode == 0, until.stderr and until.stderr.read().decode()
    await db.close()
    await other.close()
    return report


async def _sign_up(phone: str, *processes: Database) -> str:
    now = SystemClock().now()
    code = Code(ids.new_id("code"), phone, "hi", now, now + timedelta(minutes=5))
    await processes[0].run(store.issue_code, code, (Limit(1, 60),), now + timedelta(hours=1))
    signed = await asyncio.gather(*(process.run(_enter, code, now) for process in processes))
    (owner,) = {each.customer_id for each in signed if each.verdict is Verdict.RIGHT}
    return owner


def _enter(conn: Connection, code: Code, now: datetime) -> SignIn:
    session = Token(ids.new_hex(32), ids.new_id("ses"), "customer", "", "a phone", (), created=now, seen=now)
    newcomer = Customer(ids.new_id("cus"), code.phone, "", "hi", now)
    given = rules.code_digits("a key", code.id)
    return store.sign_in(conn, code.phone, given, session, newcomer, key="a key", tries=5, most_sessions=5)


def _holders(conn: Connection, phone: str) -> list[str]:
    query = select(tables.customers.c.id).where(found_by(tables.customers.c.phone_index, "phone"))
    return list(conn.scalars(query, {"phone": hashes(conn, tables.customers.c.phone_index, phone)}))


def _execute(conn: Connection, statement: Update) -> None:
    conn.execute(statement)


async def _check(url: str, folder: Path, report: Report) -> None:
    db, keys = _open(url, folder)
    people = {_identity(n): _phone(n) for n in range(CUSTOMERS)} | report.joined
    assert await db.read(count_by_key, tables.customers) == {str(keys.number): 2 * len(people)}
    assert await db.read(count_hashes, tables.customers) == {str(keys.number): len(people)}
    assert keys.number == 3  # one and two rotations
    found = await db.read(lambda conn: conn.execute(tables.customers.select()).all())
    assert {row.id: row.phone for row in found} == people
    names = {_identity(n): f"Person {n}" for n in range(CUSTOMERS)} | dict.fromkeys(report.joined, "")
    assert {row.id: row.name for row in found} == names | report.renamed
    later = FakeClock(SystemClock().now() + timedelta(minutes=5))
    for _ in range(3):
        await Sealer(db, (tables.customers, tables.codes), keys, later).run()
        later.advance(LEARN_S)
    left = select(data_keys.c.purpose, data_keys.c.number).where(data_keys.c.purpose.in_(CHANGING))
    assert {tuple(row) for row in await db.read(lambda conn: conn.execute(left).all())} == {("seal", 3), ("index", 3)}
    await db.close()
    db, _ = _open(url, folder)
    for identity, phone in list(people.items())[:: len(people) // 50]:
        assert await db.read(_holders, phone) == [identity]
    assert len(await db.read(lambda conn: conn.execute(select(tables.customers.c.phone)).all())) == len(people)
    await db.close()


def _open(url: str, folder: Path) -> tuple[Database, Keyring]:
    provider = open_provider((folder / "keys.json").as_uri())
    keys = load_keyring(lambda: url, provider, service="accounts", clock=SystemClock())
    return open_database(url, service="accounts", keyring=keys), keys


def _identity(number: int) -> str:
    return f"cus_{number:026}"


def _phone(number: int) -> str:
    return f"+91{9_000_000_000 + number}"
