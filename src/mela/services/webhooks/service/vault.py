"""Signing secrets as the database keeps them: sealed with a key that it does not have."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from mela.kernel import ids
from mela.services.webhooks.rules import signing


class Unsealable(Exception):
    """A secret was sealed with a key that is not among ours any more."""


class Vault:
    """Makes secrets, seals and opens them. The first key seals, all open: put a new one before the old one to change it."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises: ValueError for what is no Fernet key."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def new_secret(self) -> tuple[str, str]:
        """A fresh secret, shown once, and its sealed form, which is kept."""
        secret = signing.secret(ids.new_hex(signing.SECRET_BYTES))
        return secret, self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret. Raises: Unsealable."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Unsealable from None
