"""Databases brought to the schema of this code before anything is served, waiting for a server that is not there yet.

हिन्दी: पॉड कितने भी हों, माइग्रेशन एक ही बार होता है; बाक़ी पॉड उसके पूरा होने की प्रतीक्षा करते हैं।
"""

import time
from collections.abc import Callable, Iterator

from sqlalchemy.exc import OperationalError

from mela.kernel.db.migrate import migrate
from mela.kernel.service import Service
from mela.runtime import registry
from mela.runtime.settings import CannotStart, PlatformSettings

_AGAIN_S = 1.0


def migrate_all(
    names: list[str],
    settings: PlatformSettings,
    *,
    wait_s: float,
    waiting: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[str, bool]]:
    """Each service with whether there was something to do; `waiting` is told each time that a server does not answer.

    Raises: CannotStart when one has not answered after `wait_s`, NewerDatabase.
    """
    limit = time.monotonic() + wait_s
    for name in names:
        service = registry.load(name)
        for shard in settings.shards_of(service) if service.migrations else ():
            yield name, _migrated(service, settings, shard, limit, wait_s, waiting, pause)


def _migrated(
    service: Service, settings: PlatformSettings, shard: int, limit: float, wait_s: float,
    waiting: Callable[[str], None], pause: Callable[[float], None],
) -> bool:  # fmt: skip
    """One database brought up to date; whether there was something to do."""
    while True:
        try:
            return migrate(
                settings.database_url(service.name, shard), service=service.name, package=service.migrations or ""
            )
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
            if time.monotonic() >= limit:
                raise CannotStart(
                    f"The database of {service.name} does not answer after {wait_s:.0f} s: {reason}",
                    "Is the server running, and does MELA_DATABASE name it? Wait longer with --wait.",
                ) from error
            waiting(f"waiting for the database of {service.name}: {reason}")
            pause(_AGAIN_S)
