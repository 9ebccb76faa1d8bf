"""Who holds the key-encryption keys: what is asked of it."""

import base64
import string
from typing import Protocol

KEY_BYTES = 32
NONCE_BYTES = 12
"""Source: NIST SP 800-38D, section 5.2.1.1: 96 bits are recommended, https://doi.org/10.6028/NIST.SP.800-38D (2026-11-27)."""


class KeysUnusable(Exception):
    """Where keys should be, and why they cannot be used."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"The keys at {where} cannot be used: {why}.")
        self.where, self.why = where, why


class KeyProvider(Protocol):
    """Wraps data keys with keys that never leave it, or never leave its file."""

    def wrap(self, secret: bytes, about: str) -> str:
        """A data key as it may be kept; `about` has to be said again to unwrap it. Raises: KeysUnusable."""
        ...

    def unwrap(self, wrapped: str, about: str) -> bytes:
        """The data key. Raises: KeysUnusable."""
        ...

    def is_newest(self, wrapped: str) -> bool:
        """Whether the newest key-encryption key wrapped this. Raises: KeysUnusable."""
        ...

    def rotate(self) -> None:
        """Have a new key-encryption key wrap from now on; those before still open. Raises: KeysUnusable."""
        ...


LETTERS = string.ascii_letters + string.digits + "-_"
"""What `encode` writes with."""


def encode(value: bytes) -> str:
    """URL-safe base 64 without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """What `encode` was given. Raises: ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
