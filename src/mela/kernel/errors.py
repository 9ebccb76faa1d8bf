"""Every failure that a caller can act on, as one small tree.

    MelaError            code, status, params
    ├── Rejected     422  the request is understood and refused: change it
    ├── Unauthenticated 401  say who you are
    ├── Forbidden    403  known, but not allowed: ask for the scope
    ├── NotFound     404
    ├── Conflict     409  true when asked, no longer: read again, then decide
    │   └── NotYet        not now: nothing has happened, and the same request may succeed later
    ├── TooMany      429  wait `retry_after_s`
    └── Retryable    503  may succeed unchanged; *may already have happened*

A subclass is a fact (`OutOfStock`) with a stable dotted `code`. The texts live in message files, by code and language.
Codes travel over HTTP, so a caller catches the same class whether the other service is an object or a process away.
"""

from typing import Any, ClassVar

_by_code: dict[str, type["MelaError"]] = {}


class MelaError(Exception):
    """Base of all. `params` fill the message's placeholders and are sent to the caller: no personal data in them."""

    code: ClassVar[str] = "kernel.internal"
    status: ClassVar[int] = 500

    def __init__(self, code: str | None = None, /, **params: Any) -> None:
        self.of: str = code or type(self).code
        self.params = params
        super().__init__(self.of, params)

    @property
    def is_final(self) -> bool:
        """Whether the same request would be refused again: then the refusal is the answer to its idempotency key."""
        return self.status < 500

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            _by_code[cls.code] = cls

    def __str__(self) -> str:
        return f"{self.of} {self.params}" if self.params else self.of


class Rejected(MelaError):
    """Understood and refused; the same request will be refused again."""

    status = 422


class Unauthenticated(MelaError):
    """Nobody we know."""

    status = 401


class Forbidden(MelaError):
    """Known, but lacks the scope."""

    status = 403


class NotFound(MelaError):
    """There is no such thing, or not for this caller."""

    status = 404


class Conflict(MelaError):
    """The state has moved on; read again."""

    status = 409


class NotYet(Conflict):
    """Not now: nothing has happened, and the same request may succeed later."""

    @property
    def is_final(self) -> bool:
        return False


class TooMany(MelaError):
    """Over a limit; `retry_after_s` says how long."""

    status = 429

    @property
    def is_final(self) -> bool:
        return False

    @property
    def retry_after_s(self) -> float:
        return float(self.params.get("seconds", 1))


class Retryable(MelaError):
    """Nothing wrong with the request. It may have been carried out: repeat it with the same key."""

    status = 503

    @property
    def retry_after_s(self) -> float:
        return float(self.params.get("seconds", 1))


class Invalid(Rejected):
    """The request does not have the documented shape; `fields` lists where."""

    code = "kernel.invalid"

    def __init__(self, fields: list[dict[str, str]] | None = None) -> None:
        self.fields = fields or []
        super().__init__(count=len(self.fields))


class Unreachable(Retryable):
    """Another service gave no answer in time."""

    code = "kernel.peer_unreachable"


class Busy(Retryable):
    """Too much work is waiting already."""

    code = "kernel.busy"


class TimedOut(Retryable):
    """The deadline passed first."""

    code = "kernel.timeout"


class DiskFull(Retryable):
    """The database could not be written."""

    code = "kernel.disk_full"


_BY_STATUS: dict[int, type[MelaError]] = {
    c.status: c for c in (Rejected, Unauthenticated, Forbidden, NotFound, Conflict, TooMany, Retryable)
}


def restore(code: str, status: int, params: dict[str, Any]) -> MelaError:
    """The error that another process raised: its own class where this process knows the code, else the class of its status."""
    cls = _by_code.get(code) or _BY_STATUS.get(status) or (Retryable if status >= 500 else Rejected)
    error = cls.__new__(cls)
    MelaError.__init__(error, code, **params)
    if isinstance(error, Invalid):
        error.fields = []
    return error
