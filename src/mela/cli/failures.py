"""Failures that a person can do something about: one clear sentence, and what to do."""

import errno
import sqlite3
from collections.abc import Callable
from typing import Any

_GONE = "The platform went away in the middle of a request."
_NEWER = "The database of {service} is at {found}, newer than this Mela knows ({known})."


def explain(error: BaseException) -> tuple[str, str] | None:
    """Reason and fix of a known failure, None for an unknown one."""
    import httpx2
    from sqlalchemy.exc import DBAPIError

    from mela.kernel.db.migrate import NewerDatabase
    from mela.kernel.errors import DiskFull
    from mela.kernel.settings import SettingsError
    from mela.rehearsal.faults import Unknown
    from mela.rehearsal.reading import Unusable
    from mela.runtime.settings import CannotStart
    from mela.simulators.shopper import NotThere, Refused

    if _is_full(error):
        return "The disk is full.", "Make room, or choose a folder on another disk: mela up --data DIR"
    sentences: list[tuple[type[BaseException], Callable[[Any], tuple[str, str]]]] = [
        (Unusable, lambda e: (str(e), "")),
        (Unknown, lambda e: (str(e), "`mela rehearse --list-faults` shows all kinds.")),
        (CannotStart, lambda e: (e.reason, e.fix)),
        (SettingsError, lambda e: ("\n".join(e.problems), "Correct the variables above; .env.example lists them all.")),
        (
            NewerDatabase,
            lambda e: (_NEWER.format(**e.params), "Update Mela, or choose another folder: mela up --data DIR"),
        ),
        (
            DiskFull,
            lambda _: ("The disk is full.", "Make room, or choose a folder on another disk: mela up --data DIR"),
        ),
        (Refused, lambda e: (f"{e.body.get('title', e)} ({e.code})", str(e.body.get("detail", "")))),
        (httpx2.ReadError, lambda _: (_GONE, "Start it again, then repeat: nothing is lost.")),
        (httpx2.RemoteProtocolError, lambda _: (_GONE, "Start it again, then repeat: nothing is lost.")),
        (httpx2.TimeoutException, lambda _: ("No answer in time.", "Is the platform busy? `mela doctor` says.")),
        (
            httpx2.ConnectError,
            lambda _: ("Nothing answers there.", "Start the platform with `mela up`, or name it: --url URL"),
        ),
        (
            DBAPIError,
            lambda e: (f"The database does not answer: {e.orig}", "Check MELA_DATABASE; `mela doctor` asks it."),
        ),
        (NotThere, lambda e: (str(e), "")),
        (TimeoutError, lambda _: ("It took too long.", "Is the platform busy or stopped? `mela doctor` says.")),
    ]
    return next((sentence(error) for kind, sentence in sentences if isinstance(error, kind)), None)


def _is_full(error: BaseException) -> bool:
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(cause, OSError) and cause.errno == errno.ENOSPC
