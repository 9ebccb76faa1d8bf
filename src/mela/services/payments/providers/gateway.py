"""The gateway of `simulators/gateway`, in its own manner: the first provider, and the plainest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx2

from mela.kernel.money import Paise
from mela.services.payments.model import (
    Charge,
    Downtime,
    Known,
    ProviderBooks,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
)
from mela.services.payments.providers import Absent, Can, Declined, News, Unknown
from mela.services.payments.providers.http import (
    Account,
    BadSignature,
    Http,
    basic,
    command,
    question,
    read,
    read_news,
)
from mela.services.payments.rules import signature

T = TypeVar("T")
_DAY_S = 60.0
"""A day's file may pause for so long."""


@dataclass(frozen=True)
class _OfPayment:
    entity: ProviderPayment


@dataclass(frozen=True)
class _OfRefund:
    entity: ProviderRefund


@dataclass(frozen=True)
class _Downtime:
    method: Literal["netbanking", "wallet"]
    bank: str
    begin: int
    end: int | None

    def told(self) -> Downtime:
        """In our words."""
        ends = None if self.end is None else datetime.fromtimestamp(self.end, UTC)
        return Downtime(self.method, self.bank, datetime.fromtimestamp(self.begin, UTC), ends)


@dataclass(frozen=True)
class _Downtimes:
    items: list[_Downtime]


@dataclass(frozen=True)
class _Dispute:
    id: str
    reference: str
    amount: Paise
    status: Literal["opened", "won", "lost"]
    reason: str
    respond_by: int

    def told(self) -> ProviderDispute:
        """In our words."""
        until = datetime.fromtimestamp(self.respond_by, UTC)
        return ProviderDispute(self.id[:40], self.reference, self.amount, self.status, self.reason[:40], until)


@dataclass(frozen=True)
class _OfDispute:
    entity: _Dispute


@dataclass(frozen=True)
class _Payload:
    payment: _OfPayment | None = None
    refund: _OfRefund | None = None
    dispute: _OfDispute | None = None


@dataclass(frozen=True)
class _Envelope:
    event: str
    payload: _Payload


class Gateway(Http):
    """Keeps the contract `Provider`."""

    name = "gateway"
    can: frozenset[Can] = frozenset(
        {"card", "netbanking", "wallet", "collect", "capture", "captures", "void", "downtimes", "report", "settlements"}
    )

    def __init__(self, http: httpx2.AsyncClient, account: Account) -> None:
        super().__init__(http, account)
        self._auth = basic(account)

    async def create(self, new: Charge) -> ProviderPayment | Declined | Unknown:
        body: dict[str, Any] = {
            "reference": new.reference, "amount": new.amount, "currency": "INR", "method": "upi",
            "description": new.description, "expire_seconds": new.seconds, "callback_url": self._account.callback_url,
        }  # fmt: skip
        if new.card is not None:
            body |= {"method": "card", "card": asdict(new.card), "capture": "automatic" if new.capture else "manual"}
        elif new.bank or new.wallet:
            body |= {"method": "netbanking" if new.bank else "wallet", "bank": new.bank or new.wallet}
        elif new.vpa is not None:
            body |= {"vpa": new.vpa}
        return await command(self._ask(ProviderPayment, "POST", "/payments", body))

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        path = f"/payments/{known.id}" if known.id else f"/payments?reference={known.reference}"
        return await question(self._ask(ProviderPayment, "GET", path))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        body = {"amount": amount, "reference": reference, "final": final}
        return await command(self._ask(ProviderPayment, "POST", f"/payments/{known.id}/capture", body))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        return await command(self._ask(ProviderPayment, "POST", f"/payments/{known.id}/void", {}))

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        body = {"reference": reference, "amount": amount}
        return await command(self._ask(ProviderRefund, "POST", f"/payments/{known.id}/refunds", body))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._ask(ProviderRefund, "GET", f"/refunds?reference={reference}"))

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> News:
        wanted = signature.hex_hmac(self._account.webhook_secret, body)
        event_id = headers.get("x-gateway-event-id", "")
        if not event_id or not signature.same(wanted, headers.get("x-gateway-signature", "")):
            raise BadSignature
        envelope = read_news(_Envelope, body)
        name, payload = envelope.event[:40], envelope.payload
        if name.startswith("refund.") and payload.refund is not None:
            return News(event_id[:80], name, refund=payload.refund.entity)
        if name.startswith("payment.") and payload.payment is not None:
            return News(event_id[:80], name, payment=payload.payment.entity)
        if name.startswith("dispute.") and payload.dispute is not None:
            return News(event_id[:80], name, dispute=payload.dispute.entity.told())
        return News(event_id[:80], name)

    async def downtimes(self) -> list[Downtime] | Unknown:
        told = await question(self._ask(_Downtimes, "GET", "/downtimes"))
        return [each.told() for each in told.items] if isinstance(told, _Downtimes) else Unknown(str(told))

    async def report(self, day: date, file: Path) -> Unknown | None:
        return await self._download(f"{self._root}/v1/reports/transactions?day={day}", file)

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return await self._download(f"{self._root}/v1/reports/settlements?day={day}", file)

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books(self._auth, "/v1/books")

    async def _download(self, url: str, file: Path) -> Unknown | None:
        try:
            async with self._http.stream("GET", url, headers={"authorization": self._auth}, timeout=_DAY_S) as answer:
                answer.raise_for_status()
                with file.open("wb") as out:
                    async for part in answer.aiter_bytes():
                        out.write(part)
        except httpx2.HTTPError as error:
            return Unknown(type(error).__name__)
        return None

    async def _ask(self, of: type[T], method: str, path: str, body: Any = None) -> T:
        return read(of, await self._send(method, f"/v1{path}", body=body, auth=self._auth))
