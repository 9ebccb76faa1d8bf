"""A built site out of memory: hashed files for ever, the page for every other address, under a strict policy. Pure ASGI.

हिन्दी: ब्राउज़र की दुकान की फ़ाइलें; कोई बाहरी पता नहीं, कोई भीतर लिखी स्क्रिप्ट नहीं।
"""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Nothing from elsewhere, no script or style in the page itself, no text turned into markup."""
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_NEVER_PAGES = ("/api/", "/sim/", "/rpc/", "/assets/")
"""A wrong address under these is an error, not a page of the shop."""
_MISSING = (
    "The shop was not built. In a clone `make up` builds it; without make: npm ci && npm run build in web/.\n"
    "The API is at /docs.\n"
)


@dataclass(frozen=True)
class _File:
    headers: tuple[tuple[bytes, bytes], ...]
    etag: bytes
    bodies: Mapping[str, bytes]
    """By content coding; `""` as it is."""


class Site(BaseRoute):
    """The last route: takes GET of whatever no other route took. Only files found at start can ever be sent."""

    def __init__(self, folder: Path) -> None:
        paths = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in _ENCODINGS.values()]
        self._files = {f"/{p.relative_to(folder).as_posix()}": _read(p, folder) for p in paths}
        self._page = self._files.pop("/index.html", None)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """GET and HEAD; under the addresses of services only what is there."""
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return Match.NONE, {}
        if path.startswith(_NEVER_PAGES) and path not in self._files:
            return Match.NONE, {}
        return Match.FULL, {"route": self}

    @property
    def path(self) -> str:
        """How metrics name it."""
        return "site"

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The file, or the page, which finds its own way by the address."""
        found = self._files.get(scope["path"], self._page)
        if found is None:
            await _answer(send, scope, 503, ((b"content-type", b"text/plain; charset=utf-8"),), _MISSING.encode())
            return
        asked = {name: value for name, value in scope["headers"] if name in (b"accept-encoding", b"if-none-match")}
        if found.etag in asked.get(b"if-none-match", b""):
            await _answer(send, scope, 304, found.headers, b"")
            return
        accepted = asked.get(b"accept-encoding", b"").decode("latin-1")
        coding = next((c for c in _ENCODINGS if c in found.bodies and c in accepted), "")
        coded = ((b"content-encoding", coding.encode()),) if coding else ()
        await _answer(send, scope, 200, (*found.headers, *coded), found.bodies[coding])

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        """No path of ours is made from a name."""
        raise LookupError(name)


def _read(path: Path, folder: Path) -> _File:
    body = path.read_bytes()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'.encode()
    hashed = path.parent.name == "assets" and path.parent != folder
    kind = "font/woff2" if path.suffix == ".woff2" else mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    headers = [
        (b"content-type", kind.encode()), (b"etag", etag), (b"vary", b"accept-encoding"),
        (b"cache-control", b"public, max-age=31536000, immutable" if hashed else b"no-cache"),
    ]  # fmt: skip
    if path.suffix == ".html":
        headers.append((b"content-security-policy", POLICY.encode()))
    packed = {name: path.with_name(path.name + end) for name, end in _ENCODINGS.items()}
    bodies = {"": body} | {name: file.read_bytes() for name, file in packed.items() if file.exists()}
    return _File(tuple(headers), etag, bodies)


async def _answer(send: Send, scope: Scope, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    length = () if status == 304 else ((b"content-length", str(len(body)).encode()),)
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
