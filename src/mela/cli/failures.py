"""Failures that a person can do something about: one clear sentence, and what to do."""

import errno
import sqlite3
import sys
from collections.abc import Callable, Mapping
from typing import Any

_GONE = "The platform went away in the middle of a request."
_NEWER = "The database of {service} is at {found}, newer than this Mela knows ({known})."


_URL = "Write it like this: --url http://127.0.0.1:3000"
_FULL = ("The disk is full.", "Make room, or choose a folder on another disk: mela up --data DIR")
_SENTENCES: tuple[tuple[str, str, Callable[[Any], tuple[str, str]]], ...] = (
    ("mela.rehearsal.reading", "Unusable", lambda e: (str(e), "")),
    ("mela.rehearsal.faults", "Unknown", lambda e: (str(e), "`mela rehearse --list-faults` shows all kinds.")),
    ("mela.runtime.settings", "CannotStart", lambda e: (e.reason, e.fix)),
    ("mela.kernel.settings", "SettingsError", lambda e: ("\n".join(e.problems), "Correct the variables above; .env.example lists them all.")),
    ("mela.kernel.db.migrate", "NewerDatabase", lambda e: (_NEWER.format(**e.params), "Update Mela, or choose another folder: mela up --data DIR")),
    ("mela.kernel.errors", "DiskFull", lambda _: _FULL),
    ("mela.simulators.shopper", "Refused", lambda e: _refused(e.body, e.code)),
    ("httpx2", "ReadError", lambda _: (_GONE, "Start it again, then repeat: nothing is lost.")),
    ("httpx2", "RemoteProtocolError", lambda _: (_GONE, "Start it again, then repeat: nothing is lost.")),
    ("httpx2", "TimeoutException", lambda _: ("No answer in time.", "Is the platform busy? `mela doctor` says.")),
    ("httpx2", "ConnectError", lambda e: (f"Nothing answers at {_place(e)}.", "Start the platform with `mela up`, or name it: --url URL")),
    ("httpx2", "UnsupportedProtocol", lambda e: (f"{_place(e)} is no address of a web server.", _URL)),
    ("httpx2", "InvalidURL", lambda e: (f"That is no address of a web server: {e}", _URL)),
    ("sqlalchemy.exc", "DBAPIError", lambda e: _database(e.orig)),
    ("mela.simulators.shopper", "NotThere", lambda e: (str(e), "")),
    ("builtins", "TimeoutError", lambda _: ("It took too long.", "Is the platform busy or stopped? `mela doctor` says.")),
)  # fmt: skip
"""Module and class of a failure, and its sentence. A failure of a module that nobody imported cannot be, so none is imported here."""


def _refused(body: Mapping[str, Any], code: str) -> tuple[str, str]:
    """What the platform says, and of fields that are not right which they are and why."""
    wrong = "\n".join(f"{field['field']}: {field['reason']}" for field in body.get("fields", ()))
    return f"{body.get('title', code)} ({code})" + (f"\n{wrong}" if wrong else ""), str(body.get("detail", ""))


def _database(error: Any) -> tuple[str, str]:
    """A database that fails. SQLite says *disk I/O error*, not *full*, where a full disk leaves no room for its shared memory."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR:
        return f"The disk cannot be written ({error}): it is full, or it fails.", _FULL[1]
    return f"The database does not answer: {error}", "Check MELA_DATABASE; `mela doctor` asks it."


def _place(error: Any) -> str:
    """Where a request went, as `--url` names it."""
    url = error.request.url
    return f"{url.scheme}://{url.netloc.decode()}" if url.scheme else str(url)


def explain(error: BaseException) -> tuple[str, str] | None:
    """Reason and fix of a known failure, None for an unknown one."""
    if _is_full(error):
        return _FULL
    known = ((sys.modules.get(module), name, sentence) for module, name, sentence in _SENTENCES)
    return next(
        (sentence(error) for module, name, sentence in known if module and isinstance(error, getattr(module, name))),
        None,
    )


def _is_full(error: BaseException) -> bool:
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.OperationalError):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(cause, OSError) and cause.errno == errno.ENOSPC
