"""One service's data keys, opened: seals and opens values, and makes keyed hashes of them."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, create_engine, func, select

from mela.kernel import ids
from mela.kernel.clock import Clock
from mela.kernel.db.direct import transaction
from mela.kernel.db.migrate import driver_url
from mela.kernel.db.statements import insert_new
from mela.kernel.sealed.provider import KEY_BYTES, NONCE_BYTES, KeyProvider, decode, encode
from mela.kernel.sealed.schema import data_keys, sealing

log = structlog.get_logger()
MARK = "sealed:"


class CannotOpen(Exception):
    """A sealed value does not open: it was changed or moved, or its key is gone."""

    def __init__(self, where: str) -> None:
        super().__init__(f"{where} does not open: it was changed or moved, or its key is gone")


@dataclass(frozen=True)
class Kept:
    """What a database holds of its keys, and the tables in which nothing is plain any more."""

    keys: Sequence[tuple[str, int, str]]
    whole: frozenset[str]


class Keyring:
    """Keys of one service. Thread-safe; learns new keys when it meets one, and when it is told to `refresh`."""

    def __init__(self, service: str, load: Callable[[], Kept], provider: KeyProvider) -> None:
        """Raises: KeysUnusable."""
        self.service, self._load, self._provider = service, load, provider
        self._lock = threading.Lock()
        self._ciphers: dict[int, AESGCM] = {}
        self._index = b""
        self.number = 0
        self._whole: frozenset[str] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Read the keys anew; only those that are not known yet are unwrapped, and those that are gone are forgotten. Raises: KeysUnusable."""
        with self._lock:
            kept, ciphers = self._load(), {}
            for purpose, number, wrapped in kept.keys:
                if purpose == "index" and not self._index:
                    self._index = self._provider.unwrap(wrapped, about(self.service, purpose, number))
                elif purpose == "seal":
                    known = self._ciphers.get(number)
                    ciphers[number] = known or AESGCM(
                        self._provider.unwrap(wrapped, about(self.service, purpose, number))
                    )
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
        """The keyed hash by which a value of column `name` is found: HMAC-SHA-256, in hex."""
        return hmac.digest(self._index, f"{name}/{text}".encode(), hashlib.sha256).hex()

    def is_current(self, kept: str) -> bool:
        """Whether a kept value is sealed under the newest key."""
        return kept.startswith(f"{MARK}{self.number}:")

    def _learn(self, number: int) -> AESGCM:
        self.refresh()
        return self._ciphers[number]


def about(service: str, purpose: str, number: int) -> str:
    """What a wrapped key is for: its associated data."""
    return f"{service}/{purpose}/{number}"


def load_keyring(renew: Callable[[], str], provider: KeyProvider, *, service: str, clock: Clock) -> Keyring:
    """The keys of the database at the URL that `renew` gives; the first ones are made here. Raises: KeysUnusable."""
    with transaction(renew()) as conn:
        if not conn.execute(select(func.count()).select_from(data_keys)).scalar():
            for purpose in ("index", "seal"):
                add_key(conn, provider, service=service, purpose=purpose, number=1, now=clock.now())

    def load() -> Kept:
        engine = create_engine(driver_url(renew()))
        try:
            with engine.connect() as conn:
                return kept(conn)
        finally:
            engine.dispose()

    return Keyring(service, load, provider)


def kept(conn: Connection) -> Kept:
    """What this database holds of its keys."""
    keys = [(row.purpose, row.number, row.wrapped) for row in conn.execute(select(data_keys))]
    whole = conn.scalars(select(sealing.c.table_name).where(sealing.c.whole))
    return Kept(keys, frozenset(whole))


def add_key(conn: Connection, provider: KeyProvider, *, service: str, purpose: str, number: int, now: datetime) -> None:
    """Keep a fresh key, unless one with this number is there already."""
    wrapped = provider.wrap(ids.new_bytes(KEY_BYTES), about(service, purpose, number))
    insert_new(conn, data_keys, {"purpose": purpose, "number": number, "wrapped": wrapped, "created": now})
