"""The keys of personal data of this deployment: who holds them, which there are, and how they are changed while all runs.

हिन्दी: चाबी बदलते समय भी सब कुछ चलता रहता है; पुरानी चाबी तब तक खोलती है जब तक एक भी पंक्ति उसके नीचे है।
"""

import asyncio
import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, inspect, select

from mela.kernel.clock import Clock, SystemClock
from mela.kernel.db import open_database
from mela.kernel.db.direct import transaction
from mela.kernel.sealed import rotation
from mela.kernel.sealed.columns import indexes
from mela.kernel.sealed.keyring import Keyring, load_keyring
from mela.kernel.sealed.opening import open_provider
from mela.kernel.sealed.provider import KeyProvider, KeysUnusable
from mela.kernel.sealed.schema import data_keys
from mela.kernel.service import Service
from mela.runtime import registry
from mela.runtime.settings import CannotStart, PlatformSettings

_LOOK_S = 1.0
_KEYS = select(data_keys).where(data_keys.c.purpose == bindparam("of")).order_by(data_keys.c.number.desc())


def keyring(service: Service, settings: PlatformSettings, clock: Clock) -> Keyring:
    """The keys of a service with personal data; what lies there without a keyed hash gets one. Raises: CannotStart."""

    def renew() -> str:
        return settings.database_url(service.name)

    with _said():
        keys = load_keyring(renew, provider(settings), service=service.name, clock=clock)
    rotation.index_all(renew, service.personal, keys)
    return keys


def provider(settings: PlatformSettings) -> KeyProvider:
    """Who holds the key-encryption keys. Raises: CannotStart, KeysUnusable."""
    return open_provider(settings.keys_url(), token=settings.keys_token)


def holders() -> list[str]:
    """The services that have personal data."""
    return [name for name, entry in registry.ENTRIES.items() if not entry.simulator and registry.load(name).personal]


def keys_of(name: str, settings: PlatformSettings) -> list[dict[str, Any]]:
    """A service's keys, newest first, with the values that each has sealed, or hashed, by table. Raises: CannotStart."""
    service, holder = registry.load(name), provider(settings)
    with _said(), _connected(name, settings) as conn:
        sealed = {table.name: rotation.count_by_key(conn, table) for table in service.personal}
        hashed = {table.name: rotation.count_hashes(conn, table) for table in service.personal if indexes(table)}
        found = [
            {
                "service": name, "purpose": row.purpose, "key": row.number, "created": row.created,
                "newest_kek": holder.is_newest(row.wrapped),
                "values": {table: kept.get(str(row.number), 0) for table, kept in counts.items()},
            }
            for purpose, counts in (("seal", sealed), ("index", hashed)) if counts
            for row in conn.execute(_KEYS, {"of": purpose})
        ]  # fmt: skip
        plain = {table: kept["plain"] for table, kept in sealed.items() if kept.get("plain")}
    return [*found, *([{"service": name, "purpose": "none", "key": "plain", "values": plain}] if plain else [])]


def rotate_provider(settings: PlatformSettings) -> None:
    """Have a new key-encryption key. Raises: CannotStart."""
    with _said():
        provider(settings).rotate()


def begin(name: str, settings: PlatformSettings) -> int:
    """Make a service's new data key; its number. Raises: CannotStart."""
    with _said(), _connected(name, settings) as conn:
        return rotation.begin(conn, provider(settings), service=name, now=SystemClock().now())


def seal_all(name: str, settings: PlatformSettings, hear: Callable[[str, int, int], None]) -> None:
    """Seal everything of a service under its newest key, beside the service if it runs; returns when the last pass is over.

    `hear` is told table, rows sealed anew, and rows that there are. Raises: CannotStart.
    """
    asyncio.run(_seal_all(name, settings, hear))


async def _seal_all(name: str, settings: PlatformSettings, hear: Callable[[str, int, int], None]) -> None:
    service, clock = registry.load(name), SystemClock()
    with _connected(name, settings):
        pass
    keys = keyring(service, settings, clock)
    db = open_database(
        lambda: settings.database_url(name), service=name, options=settings.database_options(), keyring=keys
    )
    sealer = rotation.Sealer(db, service.personal, keys, clock)
    try:
        for table in service.personal:
            total = await db.read(_count, table)
            while not (at := await sealer.seal(table, functools.partial(_hear, hear, total))).finished:
                _hear(hear, total, at)
                await asyncio.sleep(_LOOK_S)  # until the last process knows the key
            hear(table.name, total, total)
    finally:
        await db.close()


def _hear(hear: Callable[[str, int, int], None], total: int, at: rotation.Progress) -> None:
    hear(at.table, min(at.done, total), total)


def _count(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()


@contextmanager
def _connected(name: str, settings: PlatformSettings) -> Iterator[Connection]:
    with transaction(settings.database_url(name)) as conn:
        if not inspect(conn).has_table(data_keys.name):
            raise CannotStart(f"{name} has no keys here yet.", "Start it once, or name its folder: --data DIR")
        yield conn


@contextmanager
def _said() -> Iterator[None]:
    """Keys that cannot be used, as a reason why a command does not start."""
    try:
        yield
    except KeysUnusable as error:
        raise CannotStart(
            str(error), "Is MELA_KEYS right? Without these keys nobody reads what they sealed."
        ) from error


def check(names: Iterable[str]) -> list[str]:
    """These services, or all that have personal data. Raises: CannotStart for one that has none."""
    known = holders()
    for name in names:
        if name not in known:
            raise CannotStart(f"{name} has no sealed personal data.", f"Those that have: {', '.join(known)}.")
    return list(names) or known
