"""What all adapters share: one request and its outcomes, and the turning of outcomes into answers.

Inside an adapter an outcome that ends the work is an exception, Refused or Silent; `Http` turns it into an answer.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2
from pydantic import ValidationError

from mela.kernel import deadline, http, messages
from mela.kernel.errors import Invalid, Unauthenticated
from mela.kernel.money import Paise
from mela.kernel.telemetry import tracing
from mela.services.payments.model import Downtime, ProviderBooks
from mela.services.payments.providers import Absent, Declined, Unknown, Unsent

T = TypeVar("T")
HEADER = "kind,reference,amount_paise,at_utc\n"
SETTLEMENTS = "kind,reference,gross_paise,fee_paise,tax_paise,net_paise,settlement,utr\n"
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
    """Ours at a provider: where it is, and what we show it. `callback_url`: where it tells us."""

    url: str
    key_id: str
    key_secret: str
    webhook_secret: str
    callback_url: str
    timeout_s: float


class Http:
    """A provider's HTTP API."""

    name = ""

    def __init__(self, http: httpx2.AsyncClient, account: Account) -> None:
        self._http, self._account = http, account
        self._root = account.url.rstrip("/")

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
                    self._http, method, self._root + path, content=content, headers=shown, seconds=seconds
                )
        except _NOT_SENT as error:
            raise Silent(type(error).__name__, sent=False) from error
        except httpx2.HTTPError as error:
            raise Silent(type(error).__name__) from error
        if 400 <= answer.status_code < 500 and answer.status_code not in MAY_PASS:
            raise Refused(answer.status_code, answer.content)
        if not answer.is_success:
            raise Silent(str(answer.status_code))
        return answer.content

    async def _books(self, auth: str, path: str = "/books") -> ProviderBooks | Unknown:
        """What simulators tell beside their published API."""
        try:
            return read(ProviderBooks, await self._send("GET", f"{path}?limit=1", auth=auth))
        except (Refused, Silent) as error:
            return Unknown(str(error))


def basic(account: Account) -> str:
    """The header `Authorization` by which an account shows name and password."""
    return "Basic " + base64.b64encode(f"{account.key_id}:{account.key_secret}".encode()).decode()


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
        raise Invalid([{"field": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()]) from error


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
