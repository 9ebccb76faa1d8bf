"""Identifiers, secrets and chance, and the only module that uses randomness.

An id is a prefix that says what it names and a ULID: 48 bits of milliseconds and 80 random bits in 26 letters of
Crockford's base 32. Ids sort by the time they were made, so a new row lands at the end of its index.

Source: https://github.com/ulid/spec, by the copy at https://docs.rs/rusty_ulid/0.10.0 (read 2026-11-23).
"""

from __future__ import annotations

import io
import os
import re
import secrets
import threading
from collections.abc import Callable

from mela.kernel import clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = [high + low for high in ALPHABET for low in ALPHABET]
PLACES = range(120, -1, -10)
"""Ten bits of the 130 are two of the 26 letters; an id for each answer is made, so it is made two letters at a time."""
RANDOM_BITS = 80
PAGE_BYTES = 4096
STEP_BITS = 40
"""Ids of one millisecond differ by a random step this wide: a neighbour is hard to guess, and two forked processes
that start from the same last id part at once."""

PREFIX = re.compile(r"[a-z][a-z0-9_]{0,15}", re.ASCII)
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)


class _Chance:
    """Random bits from the operating system, fetched a page at a time: a system call for each id would cost more than it."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Drop what was fetched: a forked child must not draw what its parent draws."""
        self._page = io.BytesIO()

    def bits(self, count: int) -> int:
        """A number of `count` bits, a multiple of 8."""
        drawn = self._page.read(count // 8)
        if len(drawn) < count // 8:
            self._page = io.BytesIO(os.urandom(PAGE_BYTES))
            drawn = self._page.read(count // 8)
        return int.from_bytes(drawn)


class Ulids:
    """Makes ULIDs, each greater than the last, also when the clock steps back. Safe between threads."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._last = 0
        self._lock = threading.Lock()
        self._chance = _Chance()

    def next(self) -> str:
        with self._lock:
            fresh = self._now_ms() << RANDOM_BITS | self._chance.bits(RANDOM_BITS)
            if fresh >> RANDOM_BITS <= self._last >> RANDOM_BITS:
                fresh = self._last + 1 + self._chance.bits(STEP_BITS)
            self._last = fresh
        return _crockford(fresh)


_ULIDS = Ulids(clock.unix_ms)


def new_id(prefix: str, ulids: Ulids = _ULIDS) -> str:
    """A new id such as `order_01KAR4T0GQ8V6M2Z3XJY5N7P9B`. Raises: ValueError for a prefix that is not a small word."""
    if not PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is not an id prefix: up to 16 of a-z, 0-9 and _, beginning with a letter")
    return f"{prefix}_{ulids.next()}"


def is_id(prefix: str, value: str) -> bool:
    """Whether `value` has the form of an id with this prefix; not whether it exists."""
    head, _, ulid = value.rpartition("_")
    return head == prefix and ULID.fullmatch(ulid) is not None


def new_hex(n_bytes: int) -> str:
    """So many random bytes in hex: what a trace is called."""
    return secrets.token_hex(n_bytes)


def new_bytes(count: int) -> bytes:
    """So many random bytes: a key, or a nonce that is used once."""
    return secrets.token_bytes(count)


def new_secret(n_bytes: int = 32) -> str:
    """A token of `n_bytes` random bytes in URL-safe base 64 without padding."""
    return secrets.token_urlsafe(n_bytes)


def new_code(digits: int = 6) -> str:
    """A one-time code of decimal digits, leading zeros kept."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def jitter(seconds: float, share: float = 0.5) -> float:
    """A random wait between `seconds * (1 - share)` and `seconds`, so that many clients do not return together."""
    return seconds * (1 - share * secrets.randbelow(1_000_001) / 1_000_000)


def _crockford(number: int) -> str:
    return "".join([PAIRS[number >> bits & 1023] for bits in PLACES])
