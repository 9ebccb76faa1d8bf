"""Key-encryption keys in a file, for one machine: `{"primary": "2", "keys": {"1": "…", "2": "…"}}`.

Each key is 32 bytes in URL-safe base 64. The primary wraps, all open.
"""

import json
import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mela.kernel import ids
from mela.kernel.sealed.provider import KEY_BYTES, NONCE_BYTES, KeysUnusable, decode, encode


class FileProvider:
    """Keys in a file, readable by its owner only. Read again whenever it is asked: it may be changed by another process."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def wrap(self, secret: bytes, about: str) -> str:
        """See `KeyProvider.wrap`."""
        primary, keys = self._read()
        nonce = ids.new_bytes(NONCE_BYTES)
        return f"{primary}:{encode(nonce + keys[primary].encrypt(nonce, secret, about.encode()))}"

    def unwrap(self, wrapped: str, about: str) -> bytes:
        """See `KeyProvider.unwrap`."""
        name, _, body = wrapped.partition(":")
        _, keys = self._read()
        if name not in keys:
            raise KeysUnusable(str(self._file), f"key {name!r} is not in it, and {about} was wrapped by it")
        try:
            kept = decode(body)
            return keys[name].decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise KeysUnusable(str(self._file), f"its key {name!r} does not open {about}") from error

    def is_newest(self, wrapped: str) -> bool:
        """See `KeyProvider.is_newest`."""
        return wrapped.partition(":")[0] == self._read()[0]

    def rotate(self) -> None:
        """See `KeyProvider.rotate`."""
        document = self._document()
        name = str(max(int(known) for known in document["keys"]) + 1)
        document["keys"][name] = encode(ids.new_bytes(KEY_BYTES))
        _write(self._file, document | {"primary": name})

    def _document(self) -> dict[str, dict[str, str]]:
        try:
            found = json.loads(self._file.read_text())
            if found["primary"] not in found["keys"] or not all(name.isdigit() for name in found["keys"]):
                raise ValueError("`primary` has to name one of `keys`, which are numbered")
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            why = f"it is no file of keys ({type(error).__name__}: {error})"
            raise KeysUnusable(str(self._file), why) from error
        return found  # type: ignore[no-any-return]

    def _read(self) -> tuple[str, dict[str, AESGCM]]:
        document = self._document()
        try:
            return str(document["primary"]), {name: AESGCM(decode(key)) for name, key in document["keys"].items()}
        except (ValueError, TypeError) as error:
            raise KeysUnusable(str(self._file), "a key in it is not 32 bytes in base 64") from error


def make_file(file: Path) -> str:
    """The URL of a file of keys, made where there is none: two processes that make it at once agree on one."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        mine = file.with_name(f"{file.name}.{ids.new_hex(4)}")
        _write(mine, first_keys())
        try:
            os.link(mine, file)  # fails where somebody was faster
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return file.resolve().as_uri()


def first_keys() -> dict[str, object]:
    """A file's content with one fresh key."""
    return {"primary": "1", "keys": {"1": encode(ids.new_bytes(KEY_BYTES))}}


def _write(file: Path, document: object) -> None:
    fresh = file.with_name(f"{file.name}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR), "w") as out:
            json.dump(document, out)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
    except OSError as error:
        raise KeysUnusable(str(file), f"it cannot be written ({error.strerror})") from error
