"""Cashfree: our id is the order's, amounts are decimal rupees, a callback's moment is signed with it.

Source: see `simulators.gateway.faces.cashfree`, which lists what is assumed.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

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
from mela.services.payments.providers.fields import Code, Id, Inr, Link, Rrn, Stamp, Token
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
    reason,
    write_report,
    write_settlements,
)
from mela.services.payments.rules import rupees, signature

T = TypeVar("T")
Paged = TypeVar("Paged", "_Page", "_Settlements")
_VERSION = "2025-01-01"
_PAGE = 1_000
_EVENT = "x-idempotency-key"
_GOOD_MS = (-300_000, 3_600_000)
"""How long before (and, for a clock that is wrong, after) it comes a callback may have been signed, in milliseconds.

No bound is published: its tries, 2, 10 and 30 minutes apart, may all have been signed at the first (assumption).
Source: https://www.cashfree.com/docs/payments/online/webhooks/overview (2026-11-23).
"""
_WORDS = {
    "PENDING": Word.CREATED, "NOT_ATTEMPTED": Word.CREATED, "FAILED": Word.FAILED, "USER_DROPPED": Word.EXPIRED,
    "CANCELLED": Word.FAILED, "VOID": Word.VOIDED,
}  # fmt: skip
_REFUNDS: Mapping[str, Literal["pending", "processed", "failed"]] = {
    "SUCCESS": "processed", "PENDING": "pending", "ONHOLD": "pending", "CANCELLED": "failed", "FAILED": "failed",
}  # fmt: skip


@dataclass(frozen=True)
class _Order:
    payment_session_id: Token


@dataclass(frozen=True)
class _Payload:
    default: Link


@dataclass(frozen=True)
class _Data:
    url: Link | None
    payload: _Payload | None


@dataclass(frozen=True)
class _Begun:
    cf_payment_id: Id
    data: _Data


@dataclass(frozen=True)
class _Error:
    error_code: Code | None


@dataclass(frozen=True)
class _Payment:
    cf_payment_id: Id
    payment_status: Literal["SUCCESS", "NOT_ATTEMPTED", "FAILED", "USER_DROPPED", "VOID", "CANCELLED", "PENDING"]
    payment_amount: rupees.Rupees
    is_captured: bool
    bank_reference: Rrn | None = None
    error_details: _Error | None = None
    payment_currency: Inr = "INR"

    def told(self, reference: str) -> ProviderPayment:
        """In our words."""
        word = _WORDS.get(self.payment_status) or (Word.CAPTURED if self.is_captured else Word.AUTHORIZED)
        code = self.error_details.error_code if self.error_details else None
        return ProviderPayment(self.cf_payment_id, reference, word, self.payment_amount, self.bank_reference, code)


@dataclass(frozen=True)
class _Refund:
    refund_id: Id
    refund_amount: rupees.Rupees
    refund_status: Literal["SUCCESS", "PENDING", "CANCELLED", "ONHOLD", "FAILED"]
    refund_currency: Inr = "INR"

    def told(self) -> ProviderRefund:
        """In our words."""
        return ProviderRefund(self.refund_id, self.refund_amount, _REFUNDS[self.refund_status])


@dataclass(frozen=True)
class _Moved:
    event_type: Literal["PAYMENT", "REFUND"]
    event_amount: rupees.Rupees
    event_time: Stamp
    order_id: Id | None
    refund_id: Id | None


@dataclass(frozen=True)
class _Page:
    data: list[_Moved]
    cursor: Token | None


@dataclass(frozen=True)
class _Settled:
    event_type: Literal["PAYMENT", "REFUND"]
    event_amount: rupees.Rupees
    event_settlement_amount: rupees.Rupees
    sale_type: Literal["CREDIT", "DEBIT"]
    service_charge: rupees.Rupees
    service_tax: rupees.Rupees
    utr: Id
    cf_settlement_id: Id
    order_id: Id | None
    refund_id: Id | None

    def paid(self) -> Paid:
        """In our words."""
        came, sign = self.event_type == "PAYMENT", 1 if self.sale_type == "CREDIT" else -1
        return Paid("collected" if came else "refunded", (self.order_id if came else self.refund_id) or "", self.event_amount,
                    self.service_charge, self.service_tax, sign * self.event_settlement_amount, self.cf_settlement_id, self.utr)  # fmt: skip


@dataclass(frozen=True)
class _Settlements:
    data: list[_Settled]
    cursor: Token | None


@dataclass(frozen=True)
class _OfOrder:
    order_id: Id


@dataclass(frozen=True)
class _Dispute:
    dispute_id: Id
    dispute_type: Code
    dispute_status: Code
    dispute_amount: rupees.Rupees
    reason_description: Code = ""
    respond_by: Stamp | None = None

    def told(self, reference: str) -> ProviderDispute:
        """In our words."""
        status: Literal["opened", "won", "lost"] = "opened"
        if self.dispute_status.endswith("_MERCHANT_WON"):
            status = "won"
        elif self.dispute_status.endswith(("_MERCHANT_LOST", "_MERCHANT_ACCEPTED")):
            status = "lost"
        why = reason(self.reason_description)
        return ProviderDispute(self.dispute_id, reference, self.dispute_amount, status, why, self.respond_by)


@dataclass(frozen=True)
class _News:
    order: _OfOrder | None = None
    payment: _Payment | None = None
    refund: _Refund | None = None
    dispute: _Dispute | None = None
    order_details: _OfOrder | None = None


@dataclass(frozen=True)
class _Event:
    type: Code
    data: _News


class Cashfree(Http):
    """Keeps the contract `Provider`."""

    name = "cashfree"
    can: frozenset[Can] = frozenset({"card", "netbanking", "wallet", "capture", "void", "report", "settlements"})

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        return await question(self._status(known))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        return await command(self._authorization(known, {"action": "CAPTURE", "amount": amount / 100}, least=amount))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        return await command(self._authorization(known, {"action": "VOID"}))

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        return await command(self._refund(known, reference, amount))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._refund_status(known, reference))

    def _is_genuine(self, account: Account, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        moment = headers.get("x-webhook-timestamp", "")
        wanted = signature.base64_hmac(account.key_secret, moment, body)
        named = bool(headers.get(_EVENT)) and signature.same(wanted, headers.get("x-webhook-signature", ""))
        return named and _is_of_now(moment, now)

    def _news(self, headers: Mapping[str, str], body: bytes) -> News:
        told = read_news(_Event, body)
        data, event = told.data, event_id("cashfree", headers[_EVENT])
        if data.dispute is not None and data.order_details is not None:
            is_question = data.dispute.dispute_type == "RETRIEVAL"
            told_of = None if is_question else data.dispute.told(data.order_details.order_id)
            return News(event, told.type, dispute=told_of)
        if data.refund is not None:
            return News(event, told.type, refund=data.refund.told())
        if data.payment is not None and data.order is not None:
            return News(event, told.type, payment=data.payment.told(data.order.order_id))
        return News(event, told.type)

    async def report(self, day: date, file: Path) -> Unknown | None:
        return await write_report(self._moved(day), file)

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return await write_settlements(self._paid(day), file)

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books()

    async def _create(self, new: Charge) -> ProviderPayment:
        order = {
            "order_id": new.reference, "order_amount": new.amount / 100, "order_currency": "INR", "order_note": new.description,
            "order_expiry_time": new.expires.isoformat(), "order_meta": {"notify_url": self._account.callback_url},
            "customer_details": {"customer_id": new.reference, "customer_phone": "9000000000"},
        }  # fmt: skip
        session = (await self._ask(_Order, "POST", "/orders", order, key=new.reference)).payment_session_id
        how: dict[str, Any] = {"upi": {"channel": "link"}}
        if new.bank is not None:
            how = {"netbanking": {"channel": "link", "netbanking_bank_code": new.bank}}
        elif new.wallet is not None:
            how = {"app": {"channel": "link", "provider": new.wallet, "phone": "9000000000"}}
        elif new.card is not None:
            how = {"card": {"channel": "link", "card_number": new.card.token, "card_expiry_mm": new.card.expiry[:2],
                            "card_expiry_yy": new.card.expiry[2:], "cryptogram": new.card.cryptogram, "token_requestor_id": "mela",
                            "card_network": new.card.network, "card_last4": new.card.last4, "capture": new.capture}}  # fmt: skip
        body = {"payment_session_id": session, "payment_method": how}
        begun = await self._ask(_Begun, "POST", "/orders/sessions", body)
        where = begun.data.payload.default if begun.data.payload else begun.data.url
        return ProviderPayment(begun.cf_payment_id, new.reference, Word.CREATED, new.amount, intent_url=where)

    async def _status(self, known: Known) -> ProviderPayment:
        payments = await self._ask(list[_Payment], "GET", f"/orders/{known.reference}/payments")
        if not payments:
            raise Refused(404)
        return payments[0].told(known.reference)

    async def _authorization(self, known: Known, body: Any, *, least: int = 0) -> ProviderPayment:
        told = await self._ask(_Payment, "POST", f"/orders/{known.reference}/authorization", body)
        return about(known.reference, told.told(known.reference), least=least)

    async def _refund(self, known: Known, reference: str, amount: int) -> ProviderRefund:
        body = {"refund_id": reference, "refund_amount": amount / 100, "refund_note": "Refund"}
        told = await self._ask(_Refund, "POST", f"/orders/{known.reference}/refunds", body, key=reference)
        return about(reference, told.told())

    async def _refund_status(self, known: Known, reference: str) -> ProviderRefund:
        return about(
            reference, (await self._ask(_Refund, "GET", f"/orders/{known.reference}/refunds/{reference}")).told()
        )

    async def _paid(self, day: date) -> AsyncIterator[Paid]:
        async for page in self._pages(_Settlements, "/settlement/recon", day):
            for each in page.data:
                yield each.paid()

    async def _moved(self, day: date) -> AsyncIterator[Movement]:
        async for page in self._pages(_Page, "/recon", day):
            for each in page.data:
                came = each.event_type == "PAYMENT"
                reference = (each.order_id if came else each.refund_id) or ""
                yield Movement("collected" if came else "refunded", reference, each.event_amount, each.event_time)

    async def _pages(self, of: type[Paged], path: str, day: date) -> AsyncIterator[Paged]:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._ask(of, "POST", path, _asked(day, cursor))
            yield page
            if (cursor := page.cursor) is None:
                return
        raise Silent("endless")

    async def _ask(self, of: type[T], method: str, path: str, body: Any = None, *, key: str = "") -> T:
        headers = {
            "x-client-id": self._account.key_id,
            "x-client-secret": self._account.key_secret,
            "x-api-version": _VERSION,
        }
        headers |= {"x-idempotency-key": key} if key else {}
        return read(of, await self._send(method, f"/pg{path}", body=body, headers=headers))


def _is_of_now(moment: str, now: datetime) -> bool:
    """Whether a callback's moment, in milliseconds since 1970, is neither long past nor to come."""
    soonest, latest = _GOOD_MS
    plain = moment.isascii() and moment.isdigit() and len(moment) < 15
    return plain and soonest <= now.timestamp() * 1000 - int(moment) <= latest


def _asked(day: date, cursor: str | None) -> dict[str, Any]:
    """A page of a day."""
    filters = {"start_date": day.isoformat(), "end_date": (day + timedelta(days=1)).isoformat()}
    return {"pagination": {"limit": _PAGE, "cursor": cursor}, "filters": filters}
