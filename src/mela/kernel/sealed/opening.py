"""Chooses the key provider by its URL: `file:///folder/keys.json`, or `vault+https://host/transit/NAME`."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mela.kernel.sealed.files import FileProvider
from mela.kernel.sealed.provider import KeyProvider, KeysUnusable
from mela.kernel.sealed.vault import VaultProvider


def open_provider(url: str, *, token: str | None = None) -> KeyProvider:
    """The key provider at a URL; `token` is what a key service wants to see. Raises: KeysUnusable."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileProvider(Path(unquote(parts.path)))
    if parts.scheme in ("vault+https", "vault+http"):
        return VaultProvider(url, token)
    raise KeysUnusable(url.split("?", 1)[0], "a key provider is file:///… or vault+https://host/transit/NAME")
