"""Bring a service's database to the schema of this code, exactly once however many processes start together.

A service's migrations are Alembic scripts in its `migrations/` folder, named `0001_what.py` and chained in that order. The
common case, nothing to do, costs one query and does not import Alembic.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from mela.kernel import errors

log = structlog.get_logger()
_LOCK = 0x4D454C41
"""Key of PostgreSQL's advisory lock: MELA in ASCII. It is scoped to one database."""


class NewerDatabase(errors.MelaError):
    """The database was written by a newer version of Mela than this one."""

    code = "kernel.newer_database"


def migrate(url: str, *, service: str, package: str) -> bool:
    """Upgrade the database at `url` to the newest migration of `package`; True when there was something to do.

    Safe when many processes call it at once: one works, the others wait for it. Raises: NewerDatabase.
    """
    known = revisions(package)
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as conn:
            if _current(conn, known, service) == known[-1]:
                return False
        with _only_one(engine) as conn:
            if (current := _current(conn, known, service)) == known[-1]:
                return False
            _upgrade(conn, package)
            log.info("migrated", service=service, before=current, now=known[-1])
            return True
    finally:
        engine.dispose()


def revisions(package: str) -> list[str]:
    """Revision names of a migrations package, oldest first: the file names without `.py`."""
    names = (item.name for item in resources.files(package).iterdir())
    return sorted(name.removesuffix(".py") for name in names if name[:4].isdigit() and name.endswith(".py"))


def _current(conn: Connection, known: list[str], service: str) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    current: str | None = conn.execute(text("select version_num from alembic_version")).scalar()
    if current is not None and current not in known:
        raise NewerDatabase(service=service, found=current, known=known[-1])
    return current


@contextmanager
def _only_one(engine: Engine) -> Iterator[Connection]:
    """A connection that no other migrating process has at the same time: an advisory lock, or a lock file beside SQLite's."""
    if engine.dialect.name == "sqlite":
        file = Path(str(engine.url.database))
        with file.with_name(file.name + ".migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with engine.connect() as conn:
                conn.exec_driver_sql(
                    "BEGIN IMMEDIATE"
                )  # the driver begins none for DDL: a failure would leave half of it
                yield conn
    else:
        with engine.connect() as conn:
            conn.execute(text("select pg_advisory_lock(:key)"), {"key": _LOCK})
            conn.commit()
            try:
                yield conn
            finally:
                conn.rollback()
                conn.execute(text("select pg_advisory_unlock(:key)"), {"key": _LOCK})


def _upgrade(conn: Connection, package: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(resources.files(package)))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def driver_url(url: str) -> str:
    """The URL with the driver that plain synchronous work uses; makes the folder of a file."""
    parsed = make_url(url)
    if parsed.drivername.startswith("postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    else:
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    return parsed.render_as_string(hide_password=False)
