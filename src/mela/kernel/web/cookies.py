"""A browser's session: its token in a cookie that no script can read, and a proof that a page of ours sent the request.

The cookie goes with every request to us, also with one that another site's page makes. So whoever changes something with it
also sends a header with the value of a second cookie, which only our own pages can read; it follows from the token, so that
nobody can make it up or use another session's. What the browser itself says of the sender must not contradict.

Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet: signed double submit, fetch metadata (recalled, UNVERIFIED).
"""

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from mela.kernel import ids
from mela.kernel.errors import Forbidden

SESSION, PROOF, DEVICE, HEADER = "mela_session", "mela_csrf", "mela_device", "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MARK = re.compile(r"[A-Za-z0-9_-]{16,64}")
_KEPT_S = 400 * 86_400
"""Browsers keep a cookie no longer. When a session ends, accounts decides."""


class ForgedRequest(Forbidden):
    """Nothing shows that a page of ours sent this request."""

    code = "kernel.forged"


def give(response: Response, request: Request, token: str) -> None:
    """Sign a browser in: both cookies, for secure lines only where this request came by one. A new browser gets its mark."""
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    mark = device(request) or ids.new_secret(16)
    for name, value, hidden in ((SESSION, token, True), (PROOF, proof(token), False), (DEVICE, mark, True)):
        response.set_cookie(name, value, max_age=_KEPT_S, path="/", secure=secure, httponly=hidden, samesite="lax")


def take(response: Response) -> None:
    """Sign a browser out."""
    for name, hidden in ((SESSION, True), (PROOF, False)):
        response.delete_cookie(name, path="/", httponly=hidden, samesite="lax")


def device(request: Request) -> str | None:
    """The random mark by which a browser is known again, whoever is signed in; None before anybody was."""
    mark = request.cookies.get(DEVICE, "")
    return mark if _MARK.fullmatch(mark) else None


def proof(token: str) -> str:
    """What a page shows beside the cookie of this token."""
    return hmac.digest(token.encode(), b"csrf", hashlib.sha256).hex()


def check(request: Request, token: str) -> None:
    """Whether a request that is signed by the cookie alone may change something. Raises: ForgedRequest."""
    if request.method in SAFE:
        return
    check_sender(request)
    shown = request.headers.get(HEADER, "")
    if not hmac.compare_digest(shown.encode("latin-1", "replace"), proof(token).encode()):
        raise ForgedRequest


def check_sender(request: Request) -> None:
    """What the browser says of the page that sent this must not name another site. Raises: ForgedRequest.

    Programs that are no browsers say nothing. Source: https://www.w3.org/TR/fetch-metadata/ (recalled).
    """
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise ForgedRequest
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise ForgedRequest
