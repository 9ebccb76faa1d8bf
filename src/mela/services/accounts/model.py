"""What accounts knows."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from mela.kernel.auth import Mode

Language = Literal["en", "hi", "ta", "te", "kn"]


@dataclass(frozen=True)
class Customer:
    """A person who buys."""

    id: str
    phone: str = field(repr=False)
    name: str = field(repr=False)
    language: Language
    created: datetime


@dataclass(frozen=True)
class Code:
    """A one-time code that was issued; its digits follow from its id. `used_by`: the session that it opened."""

    id: str
    phone: str = field(repr=False)
    language: Language
    created: datetime
    expires: datetime
    tries: int = 0
    used_by: str | None = None


@dataclass(frozen=True)
class Token:
    """A session of a customer or an API key of a seller, known by the hash of its token.

    `name`: the device, or what the operator called the key. `seen`: last use, to the half minute. Of an API key only: `mode`,
    and `networks` in CIDR notation, empty for anywhere.
    """

    hash: str = field(repr=False)
    id: str
    kind: Literal["customer", "merchant"]
    owner: str
    name: str
    scopes: tuple[str, ...]
    created: datetime
    seen: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    mode: Mode = "live"
    networks: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewKey:
    """An API key that is asked for; sorted, each scope and network once. `days` until it ends, None for never."""

    seller_id: str
    name: str
    scopes: tuple[str, ...]
    mode: Mode = "live"
    networks: tuple[str, ...] = ()
    days: int | None = None


class Verdict(StrEnum):
    """What becomes of a try to sign in."""

    RIGHT = "right"
    WRONG = "wrong"
    NO_CODE = "no_code"
    SPENT = "spent"


@dataclass(frozen=True)
class SignIn:
    """How a try ended: the customer where it was right, the tries left where it was wrong."""

    verdict: Verdict
    customer_id: str = ""
    left: int = 0


@dataclass(frozen=True)
class Limit:
    """At most `count` in any `seconds`."""

    count: int
    seconds: int
