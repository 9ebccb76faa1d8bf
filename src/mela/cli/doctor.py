"""`mela doctor`."""

import importlib.metadata
import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import render
from mela.cli.shopping import URL


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `ok` None: not there, and not needed."""

    what: str
    found: str
    ok: bool | None
    fix: str = ""


LITTLE = 256 * 2**20
"""Bytes of room below which a disk counts as full soon: ours to decide."""


@click.command(epilog="Examples:  mela doctor   ·   mela doctor --data /srv/mela --url http://127.0.0.1:3100 --json")
@URL
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the data  [default: mela-data]")
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def doctor(url: str, data: Path | None, for_script: bool) -> None:
    """Say what is installed, which back ends answer, and what is wrong. Exits 1 when something needed is missing."""
    found = [*_installed(), *_settings(data), *_answers(url.rstrip("/"))]
    if for_script:
        render.as_json([asdict(finding) for finding in found])
    else:
        sign = {True: "ok", False: "WRONG", None: "–"}
        rows = [(sign[f.ok], f.what, f.found, f.fix) for f in found]
        render.table("Doctor", ("", "what", "found", "what to do"), rows)
    if any(f.ok is False for f in found):
        raise SystemExit(1)


def _installed() -> Iterator[Finding]:
    version = platform.python_version()
    yield Finding("Python", version, True)
    newest = sqlite3.sqlite_version_info >= (3, 35)
    yield Finding("SQLite", sqlite3.sqlite_version, newest, "" if newest else "needs 3.35 for RETURNING")
    for package in ("fastapi", "sqlalchemy", "confluent-kafka", "psycopg"):
        yield Finding(package, importlib.metadata.version(package), True)
    for program, why in (
        ("psql", "PostgreSQL's client"),
        ("docker", "for `make image`"),
        ("kubectl", "for clusters"),
        ("wrk", "for `make bench`"),
    ):
        yield Finding(program, shutil.which(program) or "not here", True if shutil.which(program) else None, why)


def _settings(data: Path | None) -> Iterator[Finding]:
    from mela.cli import failures
    from mela.cli.platform import _settings as read
    from mela.kernel.db import open_database

    try:
        settings = read(data=data)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        reason, fix = failures.explain(error) or (repr(error), "")
        yield Finding("settings", reason, False, fix)
        return
    yield from _folder(settings.data.resolve())
    if settings.database != "sqlite":
        yield _ask("PostgreSQL", lambda: _query(open_database(settings.database_url("accounts"), service="doctor")))
    if settings.events != "memory":
        yield _ask("Kafka", lambda: _brokers(settings.events.removeprefix("kafka://")))


def _folder(folder: Path) -> Iterator[Finding]:
    """What lies in the data folder, and whether more may."""
    if not folder.exists():
        yield Finding("data folder", f"{folder} is not there yet", None, "`mela up` makes it; another: --data DIR")
        return
    if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("data folder", f"{folder} may not be written", False, "give it to who runs Mela, or: --data DIR")
        return
    files = list(folder.glob("*.db*"))
    size = sum(file.stat().st_size for file in files)
    kept = sum(file.suffix == ".db" for file in files)
    yield Finding("data folder", f"{folder}: {kept} databases, {size / 2**20:.1f} MiB", True)
    free = shutil.disk_usage(folder).free
    yield Finding("free disk", f"{free / 2**30:.1f} GiB", free >= LITTLE, "" if free >= LITTLE else "make room there, or: mela up --data DIR")  # fmt: skip


def _answers(url: str) -> Iterator[Finding]:
    import httpx2

    try:
        answer = httpx2.get(f"{url}/readyz", timeout=3.0)
    except httpx2.HTTPError:
        yield Finding("platform", f"nothing at {url}", None, "`mela up` starts it")
        return
    body: dict[str, Any] = answer.json()
    yield Finding("platform", f"{url} is {'ready' if body['ready'] else body['problems']}", bool(body["ready"]))


def _ask(what: str, question: Any) -> Finding:
    try:
        return Finding(what, str(question()), True)
    except Exception as error:  # noqa: BLE001 - an answer of any kind is the finding
        return Finding(what, str(error).splitlines()[0], False, "is it running, and is the address right?")


def _query(db: Any) -> str:
    import asyncio

    from sqlalchemy import text

    async def ask() -> str:
        try:
            return str(await db.read(lambda conn: conn.execute(text("select version()")).scalar()))
        finally:
            await db.close()

    return asyncio.run(ask()).split(",")[0]


def _brokers(servers: str) -> str:
    from confluent_kafka.admin import AdminClient

    found = AdminClient({"bootstrap.servers": servers}).list_topics(timeout=5).brokers
    return f"{len(found)} broker(s)"
