"""The gateway of `simulators/gateway`, in its own manner: the first provider, and the plainest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import httpx2

from mela.services.payments.model import (
    Charge,
    Downtime,
    Known,
    ProviderBooks,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    Word,
)
from mela.services.payments.providers import Absent, Can, Declined, News, Unknown
from mela.services.payments.providers.fields import Amount, Code, Id, Inr, Link, Rrn, Seconds
from mela.services.payments.providers.http import (
    Account,
    Http,
    about,
    command,
    event_id,
    question,
    read,
    read_news,
)
from mela.services.payments.rules import signature

T = TypeVar("T")
_EVENT = "x-gateway-event-id"
_DAY_S = 60.0
"""A day's file may pause for so long."""


@dataclass(frozen=True)
class _Payment:
    id: Id
    reference: Id
    status: Word
    amount: Amount
    rrn: Rrn | None = None
    error_code: Code | None = None
    intent_url: Link | None = None
    currency: Inr = "INR"

    def told(self) -> ProviderPayment:
        """In our words."""
        return ProviderPayment(
            self.id, self.reference, self.status, self.amount, self.rrn, self.error_code, self.intent_url
        )


@dataclass(frozen=True)
class _Refund:
    reference: Id
    amount: Amount
    status: Literal["pending", "processed", "failed"]
    currency: Inr = "INR"

    def told(self) -> ProviderRefund:
        """In our words."""
        return ProviderRefund(self.reference, self.amount, self.status)


@dataclass(frozen=True)
class _OfPayment:
    entity: _Payment


@dataclass(frozen=True)
class _OfRefund:
    entity: _Refund


@dataclass(frozen=True)
class _Downtime:
    method: Literal["netbanking", "wallet"]
    bank: Code
    begin: Seconds
    end: Seconds | None

    def told(self) -> Downtime:
        """In our words."""
        return Downtime(self.method, self.bank, self.begin, self.end)


@dataclass(frozen=True)
class _Downtimes:
    items: list[_Downtime]


@dataclass(frozen=True)
class _Dispute:
    id: Id
    reference: Id
    amount: Amount
    status: Literal["opened", "won", "lost"]
    reason: Code
    respond_by: Seconds
    currency: Inr = "INR"

    def told(self) -> ProviderDispute:
        """In our words."""
        return ProviderDispute(self.id, self.reference, self.amount, self.status, self.reason, self.respond_by)


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
    event: Code
    payload: _Payload


class Gateway(Http):
    """Keeps the contract `Provider`."""

    name = "gateway"
    can: frozenset[Can] = frozenset(
        {"card", "netbanking", "wallet", "collect", "capture", "captures", "void", "downtimes", "report", "settlements"}
    )

    async def _create(self, new: Charge) -> ProviderPayment:
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
        return await self._payment(new.reference, "POST", "/payments", body)

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        path = f"/payments/{known.id}" if known.id else f"/payments?reference={known.reference}"
        return await question(self._payment(known.reference, "GET", path))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        body = {"amount": amount, "reference": reference, "final": final}
        path = f"/payments/{known.id}/capture"
        return await command(self._payment(known.reference, "POST", path, body, least=amount))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        return await command(self._payment(known.reference, "POST", f"/payments/{known.id}/void", {}))

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        body = {"reference": reference, "amount": amount}
        return await command(self._refund(reference, "POST", f"/payments/{known.id}/refunds", body))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._refund(reference, "GET", f"/refunds?reference={reference}"))

    def _is_genuine(self, account: Account, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        wanted = signature.hex_hmac(account.webhook_secret, body)
        return bool(headers.get(_EVENT)) and signature.same(wanted, headers.get("x-gateway-signature", ""))

    def _news(self, headers: Mapping[str, str], body: bytes) -> News:
        envelope = read_news(_Envelope, body)
        name, payload, event = envelope.event, envelope.payload, event_id("gateway", headers[_EVENT])
        if name.startswith("refund.") and payload.refund is not None:
            return News(event, name, refund=payload.refund.entity.told())
        if name.startswith("payment.") and payload.payment is not None:
            return News(event, name, payment=payload.payment.entity.told())
        if name.startswith("dispute.") and payload.dispute is not None:
            return News(event, name, dispute=payload.dispute.entity.told())
        return News(event, name)

    async def downtimes(self) -> list[Downtime] | Unknown:
        told = await question(self._ask(_Downtimes, "GET", "/downtimes"))
        return [each.told() for each in told.items] if isinstance(told, _Downtimes) else Unknown(str(told))

    async def report(self, day: date, file: Path) -> Unknown | None:
        return await self._download(f"/v1/reports/transactions?day={day}", file)

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return await self._download(f"/v1/reports/settlements?day={day}", file)

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books("/v1/books")

    async def _download(self, path: str, file: Path) -> Unknown | None:
        headers = {"authorization": self._auth}
        try:
            async with self._http.stream(
                "GET", self._at(path), headers=headers, timeout=_DAY_S, extensions={"any_size": True}
            ) as answer:
                answer.raise_for_status()
                with file.open("wb") as out:
                    async for part in answer.aiter_bytes():
                        out.write(part)
        except httpx2.HTTPError as error:
            return Unknown(type(error).__name__)
        return None

    async def _payment(
        self, reference: str, method: str, path: str, body: Any = None, *, least: int = 0
    ) -> ProviderPayment:
        return about(reference, (await self._ask(_Payment, method, path, body)).told(), least=least)

    async def _refund(self, reference: str, method: str, path: str, body: Any = None) -> ProviderRefund:
        return about(reference, (await self._ask(_Refund, method, path, body)).told())

    async def _ask(self, of: type[T], method: str, path: str, body: Any = None) -> T:
        return read(of, await self._send(method, f"/v1{path}", body=body, auth=self._auth))
