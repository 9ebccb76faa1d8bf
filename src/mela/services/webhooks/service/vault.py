"""Signing secrets. The database keeps them sealed under the keyring, as it keeps what is known of people."""

from collections.abc import Callable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from mela.kernel import ids
from mela.services.webhooks.rules import signing


class Unsealable(Exception):
    """A secret of before the keyring was sealed with a key that is not among ours any more."""


def new_secret() -> str:
    """A fresh secret, shown once."""
    return signing.secret(ids.new_hex(signing.SECRET_BYTES))


def opener(keys: Sequence[str]) -> Callable[[str], str]:
    """Gives the secret that a database keeps. One of before the keyring is sealed with one of `keys`, until it is rotated out.

    Raises: ValueError for what is no Fernet key; what it gives raises Unsealable.
    """
    before = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def opened(kept: str) -> str:
        if kept.startswith(signing.PREFIX):
            return kept
        try:
            if before is None:
                raise Unsealable
            return before.decrypt(kept).decode()
        except InvalidToken:
            raise Unsealable from None

    return opened
