"""How long the caller of this request still waits; travels with every call it causes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_limit: ContextVar[float | None] = ContextVar("mela.deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Work of this block must be done in `seconds`; an earlier deadline stays."""
    now, known = time.monotonic(), _limit.get()
    token = _limit.set(now + seconds if known is None else min(known, now + seconds))
    try:
        yield
    finally:
        _limit.reset(token)


def left(default: float) -> float:
    """Seconds until the deadline, `default` where there is none; never below zero, never above `default`."""
    limit = _limit.get()
    return default if limit is None else max(0.0, min(default, limit - time.monotonic()))
