"""What accounts knows."""

from dataclasses import dataclass, field
from datetime import date, datetime
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
class Retention:
    """How long something is kept at least, or at most where no law asks for it, and why.

    `months` and `days` count from `since`: the day itself, or the annual return of its financial year. `told`: what stays
    when a customer is erased.
    """

    id: str
    since: Literal["day", "annual_return"]
    months: int
    days: int
    law: str
    source: str
    mark: str
    told: bool


@dataclass(frozen=True)
class Kept:
    """What stays of somebody who is erased. `until`: the last day of what comes into being today; None: until it is over."""

    what: str
    text: str
    until: date | None
    law: str
    source: str
    mark: str


@dataclass(frozen=True)
class Limit:
    """At most `count` in any `seconds`."""

    count: int
    seconds: int
