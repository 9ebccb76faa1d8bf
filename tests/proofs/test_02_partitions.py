"""The ledger in partitions by month, on a real PostgreSQL: made ahead, pruned, unchangeable, and reached from a version before."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from mela.contracts.payments import Transfer
from mela.kernel.clock import FakeClock, SystemClock
from mela.kernel.db import migrate as migrations
from mela.kernel.money import Paise
from mela.services.payments.app import SERVICE
from mela.services.payments.rules import months
from mela.services.payments.store import ledger, reconciliation
from mela.services.payments.store.months import _LAST_END, STRAY
from tests import kit, postgres
from tests.proofs import components
from tests.service.payments.test_months import DAY_S, over_months, post
from tests.service.payments.world import PAYMENTS_ENVIRON, START, World, world

pytestmark = pytest.mark.xdist_group("partitions")  # one server for all of them
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    components.need("postgres")
    with postgres.server(options=postgres.CARELESS) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MELA_TEST_POSTGRES", url)
        yield


@pytest.fixture
async def apart(tmp_path: Path) -> AsyncIterator[World]:
    """A shop on PostgreSQL. It is today: the migration asks the database's clock."""
    async with world(tmp_path, "postgresql") as running:
        running.clock.advance(max(0.0, (SystemClock().now() - START).total_seconds()))
        yield running


def month(moment: datetime) -> str:
    """The partition that a moment belongs to."""
    return months.name(moment.astimezone(UTC))


def partitions(conn: Connection) -> list[str]:
    """Of the ledger, by name."""
    asked = (
        "select cast(inhrelid::regclass as text) from pg_inherits where inhparent = 'transfers'::regclass order by 1"
    )
    return list(conn.execute(text(asked)).scalars())


def execute(conn: Connection, statement: str) -> None:
    conn.execute(text(statement))


def sizes(conn: Connection) -> dict[str, int]:
    """Transfers by the partition that they are in; empty ones left out."""
    rows = conn.execute(text("select cast(tableoid::regclass as text), count(*) from transfers group by 1 order by 1"))
    return {str(name): int(count) for name, count in rows}


def plan(conn: Connection, statement: str, how: str = "explain") -> str:
    return "\n".join(conn.exec_driver_sql(f"{how} {statement}").scalars())


async def test_02_each_month_is_a_partition_made_before_it_comes(apart: World) -> None:
    seen = await over_months(apart)
    found = await apart.payments.db.read(sizes)
    assert list(found.values()) == [2, 2, 2, 2]
    assert {month(moment) for moment, _ in seen[1:]} < set(found)


async def test_02_months_are_made_once_and_without_gaps_however_late(apart: World) -> None:
    began = apart.clock.now()
    apart.clock.advance(400 * DAY_S)
    for _ in range(2):
        await apart.payments.run_job("make_months")
    made = set(await apart.payments.db.read(partitions))
    assert {month(began + timedelta(days=days)) for days in range(31, 400 + 62)} <= made
    assert month(apart.clock.now() + timedelta(days=5 * 31)) not in made


@pytest.mark.parametrize("verb", ["update {} set amount = 1", "delete from {}", "truncate {}"])
async def test_02_no_partition_can_be_changed_by_itself(apart: World, verb: str) -> None:
    await over_months(apart, 2)
    filled = set(await apart.payments.db.read(sizes))
    for name in ("transfers", *(await apart.payments.db.read(partitions))):
        if name not in {"transfers", *filled} and not verb.startswith("truncate"):
            continue  # it is empty: there is no row to refuse
        with pytest.raises(DBAPIError, match="append-only"):
            await apart.payments.db.run(execute, verb.format(name))


async def test_02_a_day_is_looked_for_in_its_months_only(apart: World) -> None:
    middle = (await over_months(apart))[2][0].replace(day=15)
    start, end = (int(at.timestamp()) * 1_000_000 for at in (middle, middle + timedelta(days=1)))
    found = await apart.payments.db.read(plan, f"select * from transfers where at >= {start} and at < {end}")  # noqa: S608
    assert {word for word in found.split() if word.startswith("transfers_")} == {month(middle)}
    rows = await apart.payments.db.read(reconciliation.moved, middle, place="gateway:upi", after=0, limit=10)
    assert rows == ([], None)


async def test_02_a_known_key_is_looked_for_in_its_month_only(apart: World) -> None:
    await over_months(apart)

    def touched(conn: Connection) -> str:
        wanted = ledger._OF_KEY["postgresql"].params(of="post:m2")
        told = str(wanted.compile(conn, compile_kwargs={"literal_binds": True}))
        return plan(conn, told, how="explain (analyze, costs off)")

    found = await apart.payments.db.read(touched)
    assert "never executed" in found
    ran = [line for line in found.splitlines() if "on transfers_" in line and "never executed" not in line]
    assert len(ran) == 1


async def test_02_what_finds_no_month_counts_and_is_told(apart: World) -> None:
    apart.clock.advance(400 * DAY_S)
    await post(apart, "stray")
    assert await apart.balance("escrow") == 200
    for _ in range(2):
        await apart.payments.run_job("make_months")
    headers = apart.operator()
    told = (await apart.payments.client.get("/api/payments/ledger/seals", headers=headers)).json()
    assert told["stray"] == 2
    cases = (await apart.payments.client.get("/api/payments/cases", headers=headers)).json()["items"]
    assert [(case["kind"], case["about"]) for case in cases] == [(STRAY, month(apart.clock.now()))]
    await apart.payments.db.run(give_months, apart.clock.now())
    await apart.payments.run_job("make_months")
    told = (await apart.payments.client.get("/api/payments/ledger/seals", headers=headers)).json()
    assert (told["stray"], await apart.balance("escrow")) == (0, 200)


def give_months(conn: Connection, now: datetime) -> None:
    """What docs/systems/02-payments.md has a person do about stray transfers."""
    page = (ROOT / "docs/systems/02-payments.md").read_text(encoding="utf-8")
    recipe = page.split("```sql")[1].split("```")[0]
    since, until = (int(at.timestamp()) * 10**6 for at in (conn.execute(_LAST_END).scalar_one(), months.following(now)))
    conn.exec_driver_sql(recipe.replace("1803859200000000", str(since)).replace("1811808000000000", str(until)))


async def test_02_payments_go_on_while_months_are_made(apart: World) -> None:
    async def make() -> None:
        for _ in range(3):
            await apart.payments.run_job("make_months")
            apart.clock.advance(80 * DAY_S)

    await asyncio.gather(make(), *(post(apart, f"k{n}") for n in range(40)))
    assert await apart.balance("escrow") == 40 * 200


def ask(url: str, sql: str, **given: Any) -> list[Any]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        result = conn.execute(text(sql), given)
        found = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return found


async def test_02_a_ledger_of_before_keeps_its_rows_and_seals(tmp_path: Path) -> None:
    """A database of the version before, filled and sealed, then brought to this one."""
    url = kit.database_url("postgresql", tmp_path, "older")
    known = migrations.revisions(SERVICE.migrations or "")
    to_older(url, known[known.index("0011_partitions") - 1])
    assert ask(url, "select relkind from pg_class where relname = 'transfers'") == [("r",)]
    ask(
        url,
        """insert into transfers (key, line, debit, credit, amount, kind, at)
                select 'post:k' || n, 0, 'escrow', 'seller:s', n, 'sale', n from generate_series(1, 2500) n""",
    )
    clock = FakeClock(SystemClock().now())
    async with kit.running(SERVICE, tmp_path, url=url, clock=clock, environ=PAYMENTS_ENVIRON) as payments:
        await payments.run_job("seal_ledger")
        headers = payments.tokens.give("operator", "asha")
        sealed = (await payments.client.get("/api/payments/ledger/seals/checks?limit=50", headers=headers)).json()
        assert [(block["transfers"], block["holds"]) for block in sealed["items"]] == [
            (1000, True),
            (1000, True),
            (500, True),
        ]
        await payments.service.post(key="k7", transfers=[Transfer("escrow", "seller:s", Paise(7), "sale")])
        await payments.service.post(key="fresh", transfers=[Transfer("escrow", "seller:s", Paise(1), "sale")])
        assert dict(await payments.db.read(sizes)) == {"transfers_history": 2501}
        clock.advance(40 * DAY_S)
        await payments.run_job("make_months")
        await payments.service.post(key="later", transfers=[Transfer("escrow", "seller:s", Paise(1), "sale")])
        assert sorted((await payments.db.read(sizes)).values()) == [1, 2501]
        assert (await payments.db.read(ledger.of_account, "escrow"))[0] == sum(range(2501)) + 2
    assert ask(url, "select max(id) from transfers") == [(2502,)]


def to_older(url: str, revision: str) -> None:
    """Bring a fresh database to a revision of the past."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(resources.files(SERVICE.migrations or "")))
    config.set_main_option("path_separator", "newline")
    with engine.connect() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        conn.commit()
    engine.dispose()
