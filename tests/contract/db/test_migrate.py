"""A database comes to the schema of the code: once, whoever starts together, or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mela.kernel.db.migrate import NewerDatabase, migrate, revisions
from tests import kit

FINE, BROKEN = "tests.contract.db.samples.fine.migrations", "tests.contract.db.samples.broken.migrations"
BROKEN_LATER = "tests.contract.db.samples.broken_later.migrations"
ROOT = Path(__file__).parents[3]
START = """
import sys
from mela.kernel.db.migrate import migrate
print(migrate(sys.argv[1], service="shelf", package=sys.argv[2]), "alembic" in sys.modules)
"""


@pytest.fixture(params=kit.ENGINES)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return kit.database_url(request.param, tmp_path, "fresh")


def ask(url: str, sql: str) -> list[object]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as conn:
        result = conn.execute(sa.text(sql))
        found = list(result.scalars()) if result.returns_rows else []
    engine.dispose()
    return found


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names


def start(url: str, package: str = FINE) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, url, package]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_revisions_are_the_file_names_in_order() -> None:
    assert revisions(FINE) == ["0001_first", "0002_second"]


def test_a_fresh_database_gets_every_migration_once(fresh: str) -> None:
    assert migrate(fresh, service="shelf", package=FINE) is True
    assert migrate(fresh, service="shelf", package=FINE) is False
    assert ask(fresh, 'select "left" from things') == [7]


def test_ten_processes_at_once_leave_one_schema(fresh: str) -> None:
    processes = [start(fresh) for _ in range(10)]
    answers = [process.communicate(timeout=50) for process in processes]
    assert [process.returncode for process in processes] == [0] * 10, answers
    assert sum(out.splitlines()[-1].startswith("True") for out, _ in answers) == 1
    assert ask(fresh, "select version_num from alembic_version") == ["0002_second"]
    assert ask(fresh, "select name from things") == ["made by the migration"]


def test_nothing_to_do_does_not_import_alembic(fresh: str) -> None:
    migrate(fresh, service="shelf", package=FINE)
    out, _ = start(fresh).communicate(timeout=50)
    assert out.splitlines()[-1] == "False False"


def test_a_database_of_a_newer_version_is_left_alone(fresh: str) -> None:
    migrate(fresh, service="shelf", package=FINE)
    ask(fresh, "update alembic_version set version_num = '0009_tomorrow'")
    with pytest.raises(NewerDatabase) as refusal:
        migrate(fresh, service="shelf", package=FINE)
    assert refusal.value.params == {"service": "shelf", "found": "0009_tomorrow", "known": "0002_second"}
    assert ask(fresh, "select name from things") == ["made by the migration"]


def test_a_migration_that_fails_leaves_the_schema_of_before(fresh: str) -> None:
    with pytest.raises(DBAPIError):
        migrate(fresh, service="shelf", package=BROKEN)
    assert tables(fresh) - {"alembic_version"} == set()
    assert migrate(fresh, service="shelf", package=FINE) is True
    with pytest.raises(DBAPIError):
        migrate(fresh, service="shelf", package=BROKEN_LATER)
    assert tables(fresh) == {"alembic_version", "things"}
    assert ask(fresh, "select name from things") == ["made by the migration"]
