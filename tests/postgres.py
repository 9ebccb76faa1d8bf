"""A real PostgreSQL for tests and proofs, private to them: initdb in a folder, a free port, gone afterwards.

    with server() as url: ...            # postgresql://mela@127.0.0.1:PORT/postgres

Needs Debian's package `postgresql` (or its binaries on PATH). PostgreSQL refuses to run as root; then it runs as `postgres`.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

CARELESS = "-c fsync=off -c full_page_writes=off -c autovacuum=off"
"""Options where what is asked is right, not durable, and the databases are many and short-lived."""


class NoPostgres(RuntimeError):
    """PostgreSQL's programs are not installed."""


def binaries() -> Path:
    """The folder of initdb and postgres, the newest. Raises: NoPostgres, saying how to get them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not debian:
        raise NoPostgres("PostgreSQL is not installed: apt-get install postgresql")
    return debian[-1].parent


@contextmanager
def server(*, options: str = "") -> Iterator[str]:
    """A running server's URL. Nothing of it remains."""
    programs, port = binaries(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="mela-postgres-", dir=_memory() if options == CARELESS else None))
    as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    try:
        if as_owner:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200 {options}"
        initdb, pg_ctl = str(programs / "initdb"), str(programs / "pg_ctl")
        _quietly([*as_owner, initdb, "-D", str(data), "-U", "mela", "-A", "trust", "-E", "UTF8", "--no-sync"])
        _quietly([*as_owner, pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", settings, "start"])
        try:
            yield f"postgresql://mela@127.0.0.1:{port}/postgres"
        finally:
            _quietly([*as_owner, pg_ctl, "-D", str(data), "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _memory() -> str | None:
    """A disk in memory with room for what is careless: a database is copied there in a tenth of the time. None without one."""
    disk = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
    usable = disk.is_dir() and disk.stat().st_mode & 0o1777 == 0o1777
    return str(disk) if usable and shutil.disk_usage(disk).free > 4 * 2**30 else None


def _quietly(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stdout}{done.stderr}")
