"""Which URLs may be registered."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from mela.kernel.errors import Rejected
from mela.services.webhooks.rules.addresses import Guard

LONGEST = 500
LOCAL = "localhost"
_ALLOWED = re.compile(r"[!-~]+", re.ASCII)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?", re.ASCII)
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.ASCII)
"""A last label like these makes a whole name a number: `2130706433` and `0x7f.1` are 127.0.0.1 to many resolvers."""


class UrlMalformed(Rejected):
    """Not an absolute http or https URL with a host, or one with a user name or a fragment. Params: url."""

    code = "webhooks.url_malformed"


class UrlNotHttps(Rejected):
    """Messages leave by https only. Params: url."""

    code = "webhooks.url_not_https"


class UrlPrivate(Rejected):
    """The host is not a public one. Params: host."""

    code = "webhooks.url_private"


def check(url: str, guard: Guard) -> str:
    """The URL, if it may be registered. The addresses behind its name are looked at each time it is connected to.

    Raises: UrlMalformed, UrlNotHttps, UrlPrivate.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower().removesuffix(".")
    local = host == LOCAL or host.endswith(f".{LOCAL}")
    literal = _is_literal(host)
    if (local and not guard.allow_loopback) or (literal and not guard.permits(host)):
        raise UrlPrivate(host=host)
    if parts.scheme != "https" and not (guard.allow_loopback and (local or (literal and _is_loopback(host)))):
        raise UrlNotHttps(url=url)
    return url


def _split(url: str) -> SplitResult:
    """Raises: UrlMalformed."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        raise UrlMalformed(url=url[:LONGEST]) from None
    named = _is_literal(host) or (_NAME.fullmatch(host) and not _NUMBER.fullmatch(host.rstrip(".").rsplit(".", 1)[-1]))
    whole = len(url) <= LONGEST and _ALLOWED.fullmatch(url) and "\\" not in url
    bare = parts.username is None and parts.password is None and not parts.fragment and "@" not in parts.netloc
    if not (whole and bare and named and port != 0 and parts.scheme in ("http", "https")):
        raise UrlMalformed(url=url[:LONGEST])
    return parts


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return ip_address(host).is_loopback
