"""One service's data keys, opened: seals and opens values, and makes keyed hashes of them."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, create_engine, select

from mela.kernel import ids
from mela.kernel.clock import Clock
from mela.kernel.db.direct import transaction
from mela.kernel.db.migrate import driver_url
from mela.kernel.db.statements import insert_new
from mela.kernel.sealed.provider import KEY_BYTES, NONCE_BYTES, KeyProvider, decode, encode
from mela.kernel.sealed.schema import data_keys, sealing

log = structlog.get_logger()
MARK = "sealed:"
SEARCHED_S = 20
"""After so long every process searches with a new index key, so that it may be written with: they look every 10 s."""


class CannotOpen(Exception):
    """A sealed value does not open: it was changed or moved, or its key is gone."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} does not open: it was changed or moved, or its key is gone")


@dataclass(frozen=True)
class Wrapped:
    """A key as a database holds it. `purpose`: see `schema.data_keys`."""

    purpose: str
    number: int
    wrapped: str
    created: datetime


@dataclass(frozen=True)
class Kept:
    """What a database holds of its keys, and the tables in which nothing is plain any more."""

    keys: Sequence[Wrapped]
    whole: frozenset[str]


@dataclass(frozen=True)
class IndexKey:
    """A key of keyed hashes. The hashes of key 1 have no mark: there were others only later."""

    number: int
    secret: bytes
    created: datetime

    def hash(self, text: str, name: str) -> str:
        """The keyed hash of a value of column `name`, at most 64 letters: HMAC-SHA-256, behind the key's number."""
        digest = hmac.digest(self.secret, f"{name}/{text}".encode(), hashlib.sha256)
        return digest.hex() if self.number == 1 else f"{self.number}:{encode(digest)}"


def hashed_by(kept: str) -> int:
    """The number of the index key that made a keyed hash."""
    number, marked, _ = kept.partition(":")
    return int(number) if marked else 1


class Keyring:
    """Keys of one service. Thread-safe; learns new keys when it meets one, and when it is told to `refresh`."""

    def __init__(self, service: str, load: Callable[[], Kept], provider: KeyProvider, clock: Clock) -> None:
        """Raises: KeysUnusable."""
        self.service, self._load, self._provider, self._clock = service, load, provider, clock
        self._lock = threading.Lock()
        self._ciphers: dict[int, AESGCM] = {}
        self._indexes: dict[int, IndexKey] = {}
        self._lasting = b""
        self.number = 0
        self._whole: frozenset[str] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Read the keys anew; only those that are not known yet are unwrapped, and those that are gone are forgotten. Raises: KeysUnusable."""
        with self._lock:
            kept = self._load()
            by_purpose: dict[str, dict[int, Wrapped]] = {}
            for key in kept.keys:
                by_purpose.setdefault(key.purpose, {})[key.number] = key
            seals, indexes = by_purpose["seal"], by_purpose["index"]
            ciphers = {at: self._ciphers.get(at) or AESGCM(self._unwrap(seals[at])) for at in seals}
            self._indexes = {at: self._indexes.get(at) or self._index(indexes[at]) for at in sorted(indexes)}
            self._lasting = self._lasting or self._unwrap(by_purpose["lasting"][1])
            self._ciphers, self.number, self._whole = ciphers, max(ciphers), kept.whole

    def seal(self, text: str, name: str, identity: str) -> str:
        """A value of column `name` (`table.column`) in the row `identity`, under the newest key."""
        number, nonce = self.number, ids.new_bytes(NONCE_BYTES)
        body = self._ciphers[number].encrypt(nonce, text.encode(), f"{name}/{identity}".encode())
        return f"{MARK}{number}:{encode(nonce + body)}"

    def open(self, kept: str, name: str, identity: str) -> str:
        """What was sealed; a value of before sealing began is given as it is, until its table is whole. Raises: CannotOpen."""
        if not kept.startswith(MARK):
            if name.partition(".")[0] in self._whole:
                raise CannotOpen(f"{name}/{identity}")
            return kept
        number, _, body = kept[len(MARK) :].partition(":")
        try:
            raw = decode(body)
            cipher = self._ciphers.get(int(number)) or self._learn(int(number))
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], f"{name}/{identity}".encode()).decode()
        except (InvalidTag, ValueError, KeyError) as error:
            raise CannotOpen(f"{name}/{identity}") from error

    def blind(self, text: str, name: str) -> str:
        """The keyed hash of a value of column `name` as it is written now."""
        return self._writing().hash(text, name)

    def blinds(self, text: str, name: str) -> list[str]:
        """All keyed hashes by which a value of column `name` may be found now."""
        return [key.hash(text, name) for key in self._indexes.values()]

    def lasting(self, text: str, name: str) -> str:
        """The keyed hash of a value that nobody can guess, under a key that is never changed."""
        return hmac.digest(self._lasting, f"{name}/{text}".encode(), hashlib.sha256).hex()

    def is_outdated(self, kept: str) -> bool:
        """Whether a keyed hash is of an older key than what is written now."""
        return hashed_by(kept) < self._writing().number

    def catch_up(self, there: Collection[int]) -> bool:
        """Know just the index keys with these numbers; whether that was news."""
        news = set(there) != self._indexes.keys()
        if news:
            self.refresh()
        return news

    @property
    def is_changing(self) -> bool:
        """Whether values may lie under several index keys."""
        return len(self._indexes) > 1

    def is_current(self, kept: str) -> bool:
        """Whether a kept value is sealed under the newest key."""
        return kept.startswith(f"{MARK}{self.number}:")

    def _learn(self, number: int) -> AESGCM:
        self.refresh()
        return self._ciphers[number]

    def _writing(self) -> IndexKey:
        """The newest index key that all who run search with."""
        first, *later = self._indexes.values()
        if not later:
            return first
        known = self._clock.now() - timedelta(seconds=SEARCHED_S)
        return next((key for key in reversed(later) if key.created <= known), first)

    def _index(self, key: Wrapped) -> IndexKey:
        return IndexKey(key.number, self._unwrap(key), key.created)

    def _unwrap(self, key: Wrapped) -> bytes:
        return self._provider.unwrap(key.wrapped, about(self.service, key.purpose, key.number))


def about(service: str, purpose: str, number: int) -> str:
    """What a wrapped key is for: its associated data."""
    return f"{service}/{purpose}/{number}"


def load_keyring(renew: Callable[[], str], provider: KeyProvider, *, service: str, clock: Clock) -> Keyring:
    """The keys of the database at the URL that `renew` gives; the first ones are made here. Raises: KeysUnusable."""
    with transaction(renew()) as conn:
        _first_keys(conn, provider, service, clock.now())

    def load() -> Kept:
        engine = create_engine(driver_url(renew()))
        try:
            with engine.connect() as conn:
                return kept(conn)
        finally:
            engine.dispose()

    return Keyring(service, load, provider, clock)


def kept(conn: Connection) -> Kept:
    """What this database holds of its keys."""
    keys = [Wrapped(**row._mapping) for row in conn.execute(select(data_keys))]  # noqa: SLF001
    whole = conn.scalars(select(sealing.c.table_name).where(sealing.c.whole))
    return Kept(keys, frozenset(whole))


def add_key(
    conn: Connection, provider: KeyProvider, *, service: str, purpose: str, number: int, now: datetime, secret: bytes = b""
) -> None:  # fmt: skip
    """Keep a fresh key, or this one, unless one with this number is there already."""
    wrapped = provider.wrap(secret or ids.new_bytes(KEY_BYTES), about(service, purpose, number))
    insert_new(conn, data_keys, {"purpose": purpose, "number": number, "wrapped": wrapped, "created": now})


def _first_keys(conn: Connection, provider: KeyProvider, service: str, now: datetime) -> None:
    """Those that are missing. Until index keys were changed, the first of them also made what lasts."""
    there = {(key.purpose, key.number): key for key in kept(conn).keys}
    if not there:
        for purpose in ("index", "seal"):
            add_key(conn, provider, service=service, purpose=purpose, number=1, now=now)
    if ("lasting", 1) not in there:
        first = there.get(("index", 1))
        secret = provider.unwrap(first.wrapped, about(service, "index", 1)) if first else b""
        add_key(conn, provider, service=service, purpose="lasting", number=1, now=now, secret=secret)
