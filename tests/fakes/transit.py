"""Vault's Transit engine as far as we use it, on a socket: encrypt, decrypt, read and rotate one key."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.a-token-of-the-tests"


class Transit:
    """Keys of one name, newest last."""

    def __init__(self) -> None:
        self.keys = [AESGCM(AESGCM.generate_key(256))]
        self.asked: list[str] = []

    def answer(self, method: str, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and document."""
        verb = path.removeprefix("/v1/transit/")
        self.asked.append(f"{method} {verb}")
        if (method, verb) == ("GET", "keys/mela"):
            return 200, {"data": {"latest_version": len(self.keys), "name": "mela", "type": "aes256-gcm96"}}
        if (method, verb) == ("POST", "keys/mela/rotate"):
            self.keys.append(AESGCM(AESGCM.generate_key(256)))
            return 204, {}
        if (method, verb) == ("POST", "encrypt/mela"):
            nonce = AESGCM.generate_key(128)[:12]
            sealed = nonce + self.keys[-1].encrypt(nonce, base64.b64decode(body["plaintext"]), None)
            return 200, {"data": {"ciphertext": f"vault:v{len(self.keys)}:{base64.b64encode(sealed).decode()}"}}
        if (method, verb) == ("POST", "decrypt/mela"):
            _, version, sealed_text = body["ciphertext"].split(":")
            raw = base64.b64decode(sealed_text)
            try:
                plain = self.keys[int(version[1:]) - 1].decrypt(raw[:12], raw[12:], None)
            except InvalidTag:
                return 400, {"errors": ["cipher: message authentication failed"]}
            return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}
        return 404, {"errors": []}


@contextmanager
def running() -> Iterator[tuple[Transit, str]]:
    """The engine and its URL."""
    transit = Transit()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
            known = self.headers.get("x-vault-token") == TOKEN
            denied = (403, {"errors": ["permission denied"]})
            status, document = transit.answer(self.command, self.path, body) if known else denied
            self.send_response(status)
            content = b"" if status == 204 else json.dumps(document).encode()
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield transit, f"vault+http://127.0.0.1:{server.server_port}/transit/mela"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
