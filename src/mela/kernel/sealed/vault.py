"""Key-encryption keys in Vault's Transit engine, or whatever speaks its HTTP API: the keys never leave it.

Asked when a service starts, meets a new data key, or rotates; never for a row. A wrapped key carries inside what it is for:
Transit itself binds no associated data to a key that is not derived, in the versions that we have read about.

Source: https://developer.hashicorp.com/vault/api-docs/secret/transit, by the copy in github.com/hashicorp/vault,
website/content/api-docs/secret/transit.mdx (read 2026-11-27).
"""

import base64
from typing import Any
from urllib.parse import urlsplit

import httpx2

from mela.kernel.sealed.provider import KeysUnusable

_TIMEOUT_S = 5.0


class VaultProvider:
    """The key NAME of the engine mounted at MOUNT: `vault+https://host:8200/MOUNT/NAME`."""

    def __init__(self, url: str, token: str | None) -> None:
        """Raises: KeysUnusable."""
        parts = urlsplit(url)
        self._mount, _, self._name = parts.path.strip("/").rpartition("/")
        self._base = f"{parts.scheme.removeprefix('vault+')}://{parts.netloc.rpartition('@')[2]}"
        self._where = f"{self._base}/{self._mount}/{self._name}"
        if not self._mount or not self._name or not token:
            raise KeysUnusable(
                self._where, "it takes vault+https://host:8200/transit/NAME, and a token in MELA_KEYS_TOKEN"
            )
        self._headers = {"x-vault-token": token}

    def wrap(self, secret: bytes, about: str) -> str:
        """See `KeyProvider.wrap`."""
        plaintext = base64.b64encode(about.encode() + b"\0" + secret).decode()
        return str(self._ask("POST", f"encrypt/{self._name}", {"plaintext": plaintext})["ciphertext"])

    def unwrap(self, wrapped: str, about: str) -> bytes:
        """See `KeyProvider.unwrap`."""
        found = self._ask("POST", f"decrypt/{self._name}", {"ciphertext": wrapped})["plaintext"]
        named, _, secret = base64.b64decode(found).partition(b"\0")
        if named != about.encode():
            raise KeysUnusable(self._where, f"what is kept as {about} was wrapped as something else")
        return secret

    def is_newest(self, wrapped: str) -> bool:
        """See `KeyProvider.is_newest`."""
        newest = self._ask("GET", f"keys/{self._name}")["latest_version"]
        return wrapped.startswith(f"vault:v{newest}:")

    def rotate(self) -> None:
        """See `KeyProvider.rotate`."""
        self._ask("POST", f"keys/{self._name}/rotate", {})

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        url = f"{self._base}/v1/{self._mount}/{path}"
        try:
            answer = httpx2.request(method, url, json=body, headers=self._headers, timeout=_TIMEOUT_S)
            if not answer.is_success:
                said = "; ".join(map(str, answer.json().get("errors", []))) if answer.content else ""
                raise KeysUnusable(self._where, f"it answers {answer.status_code} {said}".strip())
            return answer.json()["data"] if answer.content else {}
        except (httpx2.HTTPError, ValueError, KeyError) as error:
            raise KeysUnusable(self._where, f"it does not answer as Transit does ({type(error).__name__})") from error
