"""What all adapters share: one request and its outcomes, and the turning of outcomes into answers.

Inside an adapter an outcome that ends the work is an exception, Refused or Silent; `Http` turns it into an answer.
"""

import base64
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2
from pydantic import ValidationError

from mela.kernel import deadline, http, messages
from mela.kernel.errors import Invalid, Unauthenticated
from mela.kernel.money import Paise
from mela.kernel.telemetry import tracing
from mela.services.payments.model import (
    Charge,
    Downtime,
    ProviderBooks,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
)
from mela.services.payments.providers import Absent, Can, Declined, News, Unknown, Unsent

T = TypeVar("T")
Told = TypeVar("Told", ProviderPayment, ProviderRefund)
HEADER = "kind,reference,amount_paise,at_utc\n"
SETTLEMENTS = "kind,reference,gross_paise,fee_paise,tax_paise,net_paise,settlement,utr\n"
MOST_PAGES = 100_000
"""A day that has more of them is none: somebody answers for ever."""
MAY_PASS = frozenset({401, 403, 408, 425, 429})
"""Refusals that are not about the request: a wrong key or too many requests. Until they end, nobody knows."""
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class BadSignature(Unauthenticated):
    """A callback that is not the provider's."""

    code = "payments.bad_signature"


class Refused(Exception):
    """The provider understood and said no: asking again would not help."""

    def __init__(self, status: int, content: bytes = b"") -> None:
        super().__init__(status)
        self.status, self.content = status, content


class Silent(Exception):
    """No answer that says what happened. `sent` false: the request never left."""

    def __init__(self, why: str, *, sent: bool = True) -> None:
        super().__init__(why)
        self.why, self.sent = why, sent

    @property
    def answer(self) -> Unknown:
        """As the contract tells it."""
        return Unknown(self.why) if self.sent else Unsent(self.why)


@dataclass(frozen=True)
class Account:
    """Ours at a provider: where it is, and what we show it. `callback_url`: where it tells us.

    `before`: the same with the keys of before they were changed. Callbacks signed with those are good, too.
    """

    url: str
    key_id: str
    key_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    callback_url: str
    timeout_s: float
    before: "Account | None" = None

    @cached_property
    def basic(self) -> str:
        """The header `Authorization` by which it shows name and password."""
        return "Basic " + base64.b64encode(f"{self.key_id}:{self.key_secret}".encode()).decode()


class Http:
    """A provider's HTTP API. `current` gives our account there, whose keys may change while we run."""

    name = ""
    can: frozenset[Can] = frozenset()

    def __init__(self, http: httpx2.AsyncClient, current: Callable[[], Account]) -> None:
        self._http, self._current = http, current

    @property
    def _account(self) -> Account:
        return self._current()

    @property
    def _auth(self) -> str:
        return self._account.basic

    async def create(self, new: Charge) -> ProviderPayment | Declined | Unknown:
        """See `Provider.create`. What is not offered here is not asked for."""
        means = {"card": new.card, "netbanking": new.bank, "wallet": new.wallet, "collect": new.vpa}
        if any(value is not None and name not in self.can for name, value in means.items()):
            return Declined("not_offered")
        return await command(self._create(new))

    async def _create(self, new: Charge) -> ProviderPayment:
        """Begin a payment. Raises: Silent, Refused."""
        raise NotImplementedError

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> News:
        """See `Provider.read_callback`."""
        account = self._account
        for each in (account, account.before):
            if each is not None and self._is_genuine(each, headers, body, now):
                return self._news(headers, body)
        raise BadSignature

    def _is_genuine(self, account: Account, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether a callback is signed with the keys of this account."""
        raise NotImplementedError

    def _news(self, headers: Mapping[str, str], body: bytes) -> News:
        """What a callback says that was signed. Raises: Invalid."""
        raise NotImplementedError

    async def dispute(self, dispute_id: str) -> ProviderDispute | Absent | Unknown:
        """See `Provider.dispute`. Most sign what they say of it."""
        return Unknown("not_offered")

    async def downtimes(self) -> list[Downtime] | Unknown:
        """See `Provider.downtimes`. Most tell nobody."""
        return Unknown("not_offered")

    async def _send(
        self, method: str, path: str, *, body: Any = None, form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, auth: str | None = None,
    ) -> bytes:  # fmt: skip
        """The content of a good answer. Raises: Silent, Refused."""
        seconds = max(deadline.left(self._account.timeout_s), 0.001)
        content, shown = b"", dict(headers or {})
        if body is not None:
            content, shown["content-type"] = messages.to_json(body), "application/json"
        elif form is not None:
            content, shown["content-type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        if auth is not None:
            shown["authorization"] = auth
        about = path.partition("?")[0].removeprefix("/v1").lstrip("/").partition("/")[0]
        try:
            with tracing.span("call", url=f"{self.name} {method} {about}"):
                answer = await http.send(
                    self._http, method, self._at(path), content=content, headers=shown, seconds=seconds
                )
        except _NOT_SENT as error:
            raise Silent(type(error).__name__, sent=False) from error
        except httpx2.HTTPError as error:
            raise Silent(type(error).__name__) from error
        if 400 <= answer.status < 500 and answer.status not in MAY_PASS:
            raise Refused(answer.status, answer.content)
        if not 200 <= answer.status < 300:
            raise Silent(str(answer.status))
        return answer.content

    def _at(self, path: str) -> str:
        return self._account.url.rstrip("/") + path

    async def _books(self, path: str = "/books") -> ProviderBooks | Unknown:
        """What simulators tell beside their published API."""
        try:
            return read(ProviderBooks, await self._send("GET", f"{path}?limit=1", auth=self._auth))
        except (Refused, Silent) as error:
            return Unknown(str(error))


def read(of: type[T], content: bytes) -> T:
    """A provider's answer. Raises: Silent for one that cannot be read."""
    try:
        return messages.from_json(of, content)
    except ValidationError as error:
        raise Silent("unreadable") from error


def read_news(of: type[T], body: bytes) -> T:
    """A callback's body. Raises: Invalid for one that does not have the provider's shape."""
    try:
        return messages.from_json(of, body)
    except ValidationError as error:
        raise invalid(error) from error


def invalid(error: ValidationError) -> Invalid:
    """What does not have its shape, field by field. What was sent is not repeated."""
    return Invalid([{"field": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()])


def about(reference: str, told: Told, *, least: int = 0) -> Told:
    """An answer about what was asked, by our name, of so many paise at least. Raises: Silent for any other."""
    if told.reference != reference or told.amount < least:
        raise Silent("of_something_else")
    return told


def event_id(name: str, given: str) -> str:
    """What a callback is remembered by: the provider's own id of it, or a digest where that is none that fits."""
    fits = given.isascii() and given.isprintable() and len(name) + len(given) < 80
    return f"{name}:{given if fits else sha256(given.encode('utf-8', 'replace')).hexdigest()}"


@dataclass(frozen=True)
class Movement:
    """A line of a provider's report: collected or refunded, under our own name."""

    kind: str
    reference: str
    amount: Paise
    at: datetime


@dataclass(frozen=True)
class Paid:
    """A movement in a settlement, under our own name, in paise."""

    kind: str
    reference: str
    gross: int
    fee: int
    tax: int
    net: int
    settlement: str
    utr: str


async def write_settlements(rows: AsyncIterator[Paid], file: Path) -> Unknown | None:
    """Write a day's settlements, whose last line counts and adds up those before; Unknown for those that do not come whole."""
    count, sums = 0, [0, 0, 0, 0]
    try:
        with file.open("w") as out:
            out.write(SETTLEMENTS)
            async for row in rows:
                money = (row.gross, row.fee, row.tax, row.net)
                count, sums = count + 1, [total + part for total, part in zip(sums, money, strict=True)]
                out.write(f"{row.kind},{row.reference},{','.join(map(str, money))},{row.settlement},{row.utr}\n")
            out.write(f"total,{count},{','.join(map(str, sums))},,\n")
    except (Refused, Silent) as error:
        return Unknown(str(error))
    return None


async def write_report(rows: AsyncIterator[Movement], file: Path) -> Unknown | None:
    """Write a report, whose last line counts and adds up those before; Unknown for one that does not come whole."""
    count = total = 0
    try:
        with file.open("w") as out:
            out.write(HEADER)
            async for row in rows:
                count, total = count + 1, total + row.amount
                at = row.at.astimezone(UTC)
                out.write(f"{row.kind},{row.reference},{row.amount},{at:%Y-%m-%dT%H:%M:%SZ}\n")
            out.write(f"total,{count},{total},\n")
    except (Refused, Silent) as error:
        return Unknown(str(error))
    return None


def reason(text: str) -> str:
    """A bank's reason in words, as our data writes them: `goods_not_received`."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40]


async def command(work: Awaitable[T]) -> T | Declined | Unknown:
    """The answer to a command."""
    try:
        return await work
    except Refused as refused:
        return Declined(str(refused.status))
    except Silent as silent:
        return silent.answer


async def question(work: Awaitable[T]) -> T | Absent | Unknown:
    """The answer to a question: what is refused for another reason than that it is not there, nobody knows."""
    try:
        return await work
    except Refused as refused:
        return Absent() if refused.status == 404 else Unknown(str(refused.status))
    except Silent as silent:
        return silent.answer
