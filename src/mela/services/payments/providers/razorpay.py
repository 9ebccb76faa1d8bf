"""Razorpay: an order for each payment, found again by its receipt, which is our id.

Source: see `simulators.gateway.faces.razorpay`, which lists what is assumed.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

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
    MOST_PAGES,
    Account,
    Http,
    Movement,
    Paid,
    Refused,
    Silent,
    about,
    command,
    event_id,
    question,
    read,
    read_news,
    write_report,
    write_settlements,
)
from mela.services.payments.rules import signature

T = TypeVar("T")
_WORDS = {"created": Word.CREATED, "authorized": Word.AUTHORIZED, "captured": Word.CAPTURED, "refunded": Word.CAPTURED}
_PAGE = 1_000
_EVENT = "x-razorpay-event-id"


@dataclass(frozen=True)
class _Order:
    id: Id


@dataclass(frozen=True)
class _Orders:
    items: list[_Order]


@dataclass(frozen=True)
class _Notes:
    reference: Id


@dataclass(frozen=True)
class _Acquirer:
    rrn: Rrn | None = None


@dataclass(frozen=True)
class _Payment:
    id: Id
    amount: Amount
    status: Literal["created", "authorized", "captured", "refunded", "failed"]
    notes: _Notes
    error_reason: Code | None = None
    acquirer_data: _Acquirer = field(default_factory=_Acquirer)
    currency: Inr = "INR"

    def told(self) -> ProviderPayment:
        """In our words."""
        late = self.error_reason == "payment_timed_out"
        word = _WORDS.get(self.status) or (Word.EXPIRED if late else Word.FAILED)
        rrn = self.acquirer_data.rrn
        return ProviderPayment(self.id, self.notes.reference, word, self.amount, rrn, self.error_reason)


@dataclass(frozen=True)
class _Payments:
    items: list[_Payment]


@dataclass(frozen=True)
class _Next:
    url: Link


@dataclass(frozen=True)
class _Begun:
    razorpay_payment_id: Id
    link: Link | None = None
    next: list[_Next] = field(default_factory=list)


@dataclass(frozen=True)
class _Refund:
    amount: Amount
    receipt: Id
    status: Literal["pending", "processed", "failed"]
    currency: Inr = "INR"

    def told(self) -> ProviderRefund:
        """In our words."""
        return ProviderRefund(self.receipt, self.amount, self.status)


@dataclass(frozen=True)
class _Refunds:
    items: list[_Refund]


@dataclass(frozen=True)
class _Moved:
    type: Literal["payment", "refund"]
    amount: Amount
    created_at: Seconds
    order_receipt: Id | None
    receipt: Id | None
    credit: Amount
    debit: Amount
    fee: Amount  # with the tax on it
    tax: Amount
    settled: bool
    settlement_id: Id | None
    settlement_utr: Id | None
    currency: Inr = "INR"

    @property
    def kind(self) -> str:
        """In our words."""
        return "collected" if self.type == "payment" else "refunded"

    @property
    def reference(self) -> str:
        """Ours."""
        return (self.order_receipt if self.type == "payment" else self.receipt) or ""

    def paid(self) -> Paid:
        """In our words."""
        return Paid(self.kind, self.reference, self.amount, self.fee - self.tax, self.tax, self.credit - self.debit,
                    self.settlement_id or "", self.settlement_utr or "")  # fmt: skip


@dataclass(frozen=True)
class _Page:
    items: list[_Moved]


@dataclass(frozen=True)
class _Downtime:
    method: Literal["netbanking", "wallet", "card", "upi"]
    begin: Seconds
    end: Seconds | None
    instrument: dict[str, Code]

    def told(self) -> Downtime:
        """In our words."""
        return Downtime(self.method, next(iter(self.instrument.values()), ""), self.begin, self.end)


@dataclass(frozen=True)
class _Downtimes:
    items: list[_Downtime]


@dataclass(frozen=True)
class _OfPayment:
    entity: _Payment


@dataclass(frozen=True)
class _OfRefund:
    entity: _Refund


@dataclass(frozen=True)
class _Dispute:
    id: Id
    amount: Amount
    reason_code: Code
    respond_by: Seconds | None
    status: Literal["open", "under_review", "won", "lost", "closed"]
    currency: Inr = "INR"

    def told(self, reference: str) -> ProviderDispute:
        """In our words; what is closed without money taken counts as won."""
        status: Literal["opened", "won", "lost"] = (
            "lost" if self.status == "lost" else "won" if self.status in ("won", "closed") else "opened"
        )
        return ProviderDispute(self.id, reference, self.amount, status, self.reason_code, self.respond_by)


@dataclass(frozen=True)
class _OfDispute:
    entity: _Dispute


@dataclass(frozen=True)
class _Payload:
    payment: _OfPayment | None = None
    refund: _OfRefund | None = None
    dispute: _OfDispute | None = None


@dataclass(frozen=True)
class _Event:
    event: Code
    payload: _Payload


class Razorpay(Http):
    """Keeps the contract `Provider`."""

    name = "razorpay"
    can: frozenset[Can] = frozenset({"card", "netbanking", "wallet", "capture", "downtimes", "report", "settlements"})

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        return await question(self._status(known))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        return await command(self._captured(known, amount))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        return Declined("not_offered")

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        return await command(self._refund(known, reference, amount))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._refund_status(known, reference))

    def _is_genuine(self, account: Account, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        wanted = signature.hex_hmac(account.webhook_secret, body)
        return bool(headers.get(_EVENT)) and signature.same(wanted, headers.get("x-razorpay-signature", ""))

    def _news(self, headers: Mapping[str, str], body: bytes) -> News:
        told = read_news(_Event, body)
        name, payload, event = told.event, told.payload, event_id("razorpay", headers[_EVENT])
        if name.startswith("refund.") and payload.refund is not None:
            return News(event, name, refund=payload.refund.entity.told())
        if name.startswith("payment.") and payload.payment is not None:
            payment = payload.payment.entity.told()
            if payload.dispute is not None:
                return News(event, name, dispute=payload.dispute.entity.told(payment.reference))
            return News(event, name, payment=payment)
        return News(event, name)

    async def downtimes(self) -> list[Downtime] | Unknown:
        told = await question(self._ask(_Downtimes, "GET", "/payments/downtimes"))
        return [each.told() for each in told.items] if isinstance(told, _Downtimes) else Unknown(str(told))

    async def report(self, day: date, file: Path) -> Unknown | None:
        moved = (Movement(each.kind, each.reference, each.amount, each.created_at)
                 async for each in self._day(day) if not each.settled)  # fmt: skip
        return await write_report(moved, file)

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return await write_settlements((each.paid() async for each in self._day(day) if each.settled), file)

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books()

    async def _create(self, new: Charge) -> ProviderPayment:
        order = {"amount": new.amount, "currency": "INR", "receipt": new.reference, "payment_capture": new.capture}
        try:
            order_id = (await self._ask(_Order, "POST", "/orders", order)).id
        except Refused:
            found = (await self._ask(_Orders, "GET", f"/orders?receipt={new.reference}")).items
            if not found:
                raise
            order_id = found[0].id
        body: dict[str, Any] = {
            "order_id": order_id, "amount": new.amount, "currency": "INR", "description": new.description,
            "email": "payer@mela.example", "contact": "+919000000000", "notes": {"reference": new.reference},
        }  # fmt: skip
        if new.bank or new.wallet:
            body |= (
                {"method": "netbanking", "bank": new.bank} if new.bank else {"method": "wallet", "wallet": new.wallet}
            )
            begun = await self._ask(_Begun, "POST", "/payments/create/json", body)
        elif new.card is None:
            body |= {"method": "upi", "upi": {"flow": "intent", "expiry_time": -(-new.seconds // 60)}}
            begun = await self._ask(_Begun, "POST", "/payments/create/upi", body)
        else:
            card = {"number": new.card.token, "expiry_month": new.card.expiry[:2], "expiry_year": new.card.expiry[2:],
                    "cryptogram_value": new.card.cryptogram, "tokenised": True, "token_provider": new.card.network,
                    "last4": new.card.last4}  # fmt: skip
            begun = await self._ask(_Begun, "POST", "/payments/create/json", body | {"method": "card", "card": card})
        where = begun.link or next((step.url for step in begun.next), None)
        return ProviderPayment(begun.razorpay_payment_id, new.reference, Word.CREATED, new.amount, intent_url=where)

    async def _status(self, known: Known) -> ProviderPayment:
        if known.id is not None:
            return about(known.reference, (await self._ask(_Payment, "GET", f"/payments/{known.id}")).told())
        orders = (await self._ask(_Orders, "GET", f"/orders?receipt={known.reference}")).items
        if orders:
            payments = (await self._ask(_Payments, "GET", f"/orders/{orders[0].id}/payments")).items
            if payments:
                return about(known.reference, payments[-1].told())
        raise Refused(404)

    async def _captured(self, known: Known, amount: int) -> ProviderPayment:
        body = {"amount": amount, "currency": "INR"}
        told = (await self._ask(_Payment, "POST", f"/payments/{known.id}/capture", body)).told()
        return about(known.reference, told, least=amount)

    async def _refund(self, known: Known, reference: str, amount: int) -> ProviderRefund:
        body = {"amount": amount, "speed": "normal", "receipt": reference}
        headers = {"x-refund-idempotency": reference}
        content = await self._send(
            "POST", f"/v1/payments/{known.id}/refund", body=body, headers=headers, auth=self._auth
        )
        return about(reference, read(_Refund, content).told())

    async def _refund_status(self, known: Known, reference: str) -> ProviderRefund:
        for refund in (await self._ask(_Refunds, "GET", f"/payments/{known.id}/refunds")).items:
            if refund.receipt == reference:
                return refund.told()
        raise Refused(404)

    async def _day(self, day: date) -> AsyncIterator[_Moved]:
        where = f"/settlements/recon/combined?year={day.year}&month={day.month}&day={day.day}&count={_PAGE}"
        skip = 0
        for _ in range(MOST_PAGES):
            items = (await self._ask(_Page, "GET", f"{where}&skip={skip}")).items
            for each in items:
                yield each
            if not items:
                return
            skip += len(items)
        raise Silent("endless")

    async def _ask(self, of: type[T], method: str, path: str, body: Any = None) -> T:
        return read(of, await self._send(method, f"/v1{path}", body=body, auth=self._auth))
