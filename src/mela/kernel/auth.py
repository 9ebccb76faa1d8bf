"""Who is calling, and what they may do.

A caller shows a bearer token: a person's session, a merchant's API key or another service's token. Only hashes are kept.
A token is 256 random bits, so one round of SHA-256 is enough: there is nothing to guess, unlike a password. API keys are
kept as hashes with a key besides, and may be used from some networks only.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from mela.kernel import ids, mounted
from mela.kernel.errors import Forbidden, Rejected, Unauthenticated

Kind = Literal["customer", "merchant", "operator", "service"]
_PREFIX: dict[Kind, str] = {
    "customer": "mela_cs_",
    "merchant": "mela_mk_",
    "operator": "mela_op_",
    "service": "mela_sv_",
}


Mode = Literal["test", "live"]
"""A merchant's key moves money, or plays."""
KEY_PREFIX: dict[Mode, str] = {"test": "mk_test_", "live": "mk_live_"}


@dataclass(frozen=True)
class Principal:
    """A caller who has proved who they are. `id` is the customer's, the seller's or the service's; scopes are `area:verb`.

    `mode`: of a merchant's key. `networks`: where it may be used from, in CIDR notation; empty: anywhere.
    """

    kind: Kind
    id: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    mode: Mode = "live"
    networks: tuple[str, ...] = ()


class AddressNotAllowed(Forbidden):
    """The key may not be used from this address. Params: address."""

    code = "kernel.address_not_allowed"


class BadNetwork(Rejected):
    """No network in CIDR notation, or one with more than its own bits. Params: network."""

    code = "kernel.bad_network"


class TestKey(Forbidden):
    """A key of test mode, shown where there is no test mode."""

    code = "kernel.test_key"
    __test__ = False


class Authenticator(Protocol):
    """Knows tokens. One service implements it; the others ask it, and remember the answer for seconds."""

    async def identify(self, *, token: str) -> Principal:
        """Whose token this is. Raises: Unauthenticated for an unknown, expired or revoked one."""
        ...


def new_token(kind: Kind) -> tuple[str, str]:
    """A fresh token, shown once, and the hash that is kept."""
    token = _PREFIX[kind] + ids.new_secret()
    return token, digest(token)


def new_key(mode: Mode) -> str:
    """A fresh API key of a merchant, shown once."""
    return KEY_PREFIX[mode] + ids.new_secret()


def digest(token: str) -> str:
    """The hash under which a token is kept and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


class Callers:
    """Which service shows a token: by hashes given at start, and by those that a folder holds now.

    In the folder a file for each caller, named after it, holds the hashes of its tokens, a line each: while a token is
    changed, the old and the new one are both good.
    """

    def __init__(self, hashes: Mapping[str, str], folder: Path | None = None) -> None:
        self._hashes = hashes
        self._folder = mounted.Folder(folder) if folder else None

    def __bool__(self) -> bool:
        """Whether anybody may call at all."""
        return bool(self._hashes or self._folder)

    def name(self, token: str) -> str | None:
        """Whose token it is; None for an unknown one."""
        written = self._folder.texts() if self._folder else {}
        known = [*self._hashes.items(), *((name, kept) for name, text in written.items() for kept in text.split())]
        return next((name for name, kept in known if same(token, kept)), None)


def same(token: str, kept: str) -> bool:
    """Whether a token has this hash, in constant time."""
    return hmac.compare_digest(digest(token), kept)


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Raises: Unauthenticated."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not 20 <= len(token) <= 200 or not token.isascii():
        raise Unauthenticated("kernel.unauthenticated")
    return token


def check_address(principal: Principal, address: str) -> None:
    """Raises: AddressNotAllowed unless the principal may call from `address`. An IPv4 address written as IPv6 is that IPv4 address."""
    if not principal.networks:
        return
    try:
        shown = ipaddress.ip_address(address)
    except ValueError:
        raise AddressNotAllowed(address=address[:64]) from None
    found = getattr(shown, "ipv4_mapped", None) or shown
    if not any(found in ipaddress.ip_network(network) for network in principal.networks):
        raise AddressNotAllowed(address=str(found))


def network(text: str) -> str:
    """A network as everybody writes it; an address alone is the network of just it. Raises: BadNetwork."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise BadNetwork(network=text[:43]) from None


def need(principal: Principal, scope: str) -> None:
    """Raises: Forbidden, naming the scope, unless the principal has it."""
    if scope not in principal.scopes:
        raise Forbidden("kernel.forbidden", need=scope)
