"""PhonePe v2: a token first; a callback is a hint only, since nothing of it is signed.

Source: see `simulators.gateway.faces.phonepe`, which lists what is assumed and what is not published.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import httpx2
from pydantic import Field

from mela.services.payments.model import (
    Charge,
    Known,
    ProviderBooks,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    Word,
)
from mela.services.payments.providers import Absent, Can, Declined, News, Unknown
from mela.services.payments.providers.fields import Amount, Code, Id, Link, Rrn, Token
from mela.services.payments.providers.http import (
    Account,
    Http,
    Silent,
    command,
    question,
    read,
    read_news,
    reason,
)
from mela.services.payments.rules import signature

T = TypeVar("T")
_WORDS = {"PENDING": Word.CREATED, "COMPLETED": Word.CAPTURED, "FAILED": Word.FAILED}
_REFUNDS: Mapping[str, Literal["pending", "processed", "failed"]] = {
    "PENDING": "pending", "CONFIRMED": "pending", "COMPLETED": "processed", "FAILED": "failed",
}  # fmt: skip
_EXPIRED = "ORDER_EXPIRED"


_Ms = Annotated[int, Field(strict=True, ge=0, le=4_102_444_800_000)]
"""A moment of this century, in milliseconds since 1970."""


@dataclass(frozen=True)
class _Token:
    access_token: Token


@dataclass(frozen=True)
class _Begun:
    orderId: Id  # noqa: N815 (published so)
    intentUrl: Link  # noqa: N815 (published so)


@dataclass(frozen=True)
class _Rail:
    utr: Rrn | None = None


@dataclass(frozen=True)
class _Instrument:
    rail: _Rail


@dataclass(frozen=True)
class _Detail:
    splitInstruments: list[_Instrument] = field(default_factory=list)  # noqa: N815 (published so)


@dataclass(frozen=True)
class _Order:
    orderId: Id  # noqa: N815 (published so)
    state: Literal["PENDING", "COMPLETED", "FAILED"]
    amount: Amount
    errorCode: Code | None = None  # noqa: N815 (published so)
    paymentDetails: list[_Detail] = field(default_factory=list)  # noqa: N815 (published so)

    def told(self, reference: str) -> ProviderPayment:
        """In our words."""
        word = Word.EXPIRED if self.errorCode == _EXPIRED else _WORDS[self.state]
        rrn = next((part.rail.utr for detail in self.paymentDetails for part in detail.splitInstruments), None)
        return ProviderPayment(self.orderId, reference, word, self.amount, rrn, self.errorCode)


@dataclass(frozen=True)
class _Refund:
    amount: Amount
    state: Literal["PENDING", "CONFIRMED", "COMPLETED", "FAILED"]


@dataclass(frozen=True)
class _Dispute:
    disputeId: Id  # noqa: N815 (assumed so)
    merchantOrderId: Id  # noqa: N815 (published so)
    amount: Amount
    status: Literal["CREATED", "UNDER_REVIEW", "ACTION_REQUIRED", "WON", "LOST"]
    reason: Code = ""
    respondBy: _Ms | None = None  # noqa: N815 (assumed so)

    def told(self) -> ProviderDispute:
        """In our words."""
        status: Literal["opened", "won", "lost"] = (
            "won" if self.status == "WON" else "lost" if self.status == "LOST" else "opened"
        )
        until = datetime.fromtimestamp(self.respondBy / 1000, UTC) if self.respondBy else None
        return ProviderDispute(self.disputeId, self.merchantOrderId, self.amount, status, reason(self.reason), until)


@dataclass(frozen=True)
class _Payload:
    merchantOrderId: Id | None = None  # noqa: N815 (published so)
    merchantRefundId: Id | None = None  # noqa: N815 (published so)
    disputeId: Id | None = None  # noqa: N815 (assumed so)


@dataclass(frozen=True)
class _Event:
    event: Code
    payload: _Payload


class PhonePe(Http):
    """Keeps the contract `Provider`."""

    name = "phonepe"
    can: frozenset[Can] = frozenset()

    def __init__(self, http: httpx2.AsyncClient, current: Callable[[], Account]) -> None:
        super().__init__(http, current)
        self._token: str | None = None

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        return await question(self._status(known))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        return Declined("not_offered")

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        return Declined("not_offered")

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        body = {"merchantRefundId": reference, "originalMerchantOrderId": known.reference, "amount": amount}
        return await command(self._refund("POST", "/payments/v2/refund", reference, body))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._refund("GET", f"/payments/v2/refund/{reference}/status", reference))

    def _is_genuine(self, account: Account, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        wanted = signature.account_digest(*account.webhook_secret.partition(":")[::2])
        return signature.same(wanted, headers.get("authorization", ""))

    def _news(self, headers: Mapping[str, str], body: bytes) -> News:
        told = read_news(_Event, body)
        event_id = f"phonepe:{sha256(body).hexdigest()}"
        if told.event.startswith("payment.dispute."):
            return News(event_id, told.event, look_at_dispute=told.payload.disputeId)
        about = told.payload.merchantRefundId or told.payload.merchantOrderId
        return News(event_id, told.event, look=about)

    async def dispute(self, dispute_id: str) -> ProviderDispute | Absent | Unknown:
        return await question(self._dispute(dispute_id))

    async def report(self, day: date, file: Path) -> Unknown | None:
        return Unknown("not_offered")

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return Unknown("not_offered")

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books()

    async def _create(self, new: Charge) -> ProviderPayment:
        flow = {"type": "PG", "paymentMode": {"type": "UPI_INTENT"}}
        body = {"merchantOrderId": new.reference, "amount": new.amount, "expireAfter": new.seconds, "paymentFlow": flow}
        begun = await self._ask(_Begun, "POST", "/payments/v2/pay", body)
        return ProviderPayment(begun.orderId, new.reference, Word.CREATED, new.amount, intent_url=begun.intentUrl)

    async def _status(self, known: Known) -> ProviderPayment:
        return (await self._ask(_Order, "GET", f"/payments/v2/order/{known.reference}/status")).told(known.reference)

    async def _dispute(self, dispute_id: str) -> ProviderDispute:
        told = (await self._ask(_Dispute, "GET", f"/disputes/v2/{dispute_id}")).told()
        if told.id != dispute_id:
            raise Silent("of_something_else")
        return told

    async def _refund(self, method: str, path: str, reference: str, body: Any = None) -> ProviderRefund:
        told = await self._ask(_Refund, method, path, body)
        return ProviderRefund(reference, told.amount, _REFUNDS[told.state])

    async def _ask(self, of: type[T], method: str, path: str, body: Any = None) -> T:
        """With a token, fetched where there is none; one that is not taken any more is replaced once. Raises: Silent, Refused."""
        token, kept = self._token or await self._log_in(), self._token is not None
        try:
            self._token = token
            return read(of, await self._send(method, path, body=body, headers={"authorization": f"O-Bearer {token}"}))
        except Silent as silent:
            if silent.why != "401":
                raise
            self._token = None
            if not kept:
                raise
        return await self._ask(of, method, path, body)

    async def _log_in(self) -> str:
        form = {"client_id": self._account.key_id, "client_secret": self._account.key_secret, "client_version": "1",
                "grant_type": "client_credentials"}  # fmt: skip
        return read(_Token, await self._send("POST", "/v1/oauth/token", form=form)).access_token
