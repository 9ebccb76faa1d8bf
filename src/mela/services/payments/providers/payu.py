"""PayU: forms with a SHA-512 over named fields; our id is the txnid; a refund is found again by our token.

A callback's hash covers status, amount and txnid, which is all that is believed of it; a refund's callback has none, so it is a hint.

Source: see `simulators.gateway.faces.payu`, which lists what is assumed.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qs

from mela.kernel.errors import Invalid
from mela.services.payments.model import Charge, Known, ProviderBooks, ProviderPayment, ProviderRefund, Word
from mela.services.payments.providers import Absent, Can, Declined, News, Unknown
from mela.services.payments.providers.http import (
    BadSignature,
    Http,
    Movement,
    Paid,
    Refused,
    basic,
    command,
    question,
    read,
    read_news,
    write_report,
    write_settlements,
)
from mela.services.payments.rules import rupees, signature

T = TypeVar("T")
_WORDS = {
    "auth": Word.AUTHORIZED, "captured": Word.CAPTURED, "pending": Word.CREATED, "userCancelled": Word.VOIDED,
    "bounced": Word.EXPIRED, "dropped": Word.EXPIRED, "failed": Word.FAILED,
}  # fmt: skip
_REFUNDS: Mapping[str, Literal["pending", "processed", "failed"]] = {
    "queued": "pending", "pending": "pending", "success": "processed", "failure": "failed",
}  # fmt: skip
_GOOD = "E000"
_ALREADY = 106


@dataclass(frozen=True)
class _Begun:
    referenceId: str  # noqa: N815 (published so)
    intentURIData: str | None = None  # noqa: N815 (published so)
    redirectUrl: str | None = None  # noqa: N815 (published so)


@dataclass(frozen=True)
class _Refusal:
    status: Literal["failed"]
    error: str


@dataclass(frozen=True)
class _Detail:
    mihpayid: str
    amount: rupees.Rupees
    unmappedstatus: Literal["auth", "captured", "pending", "userCancelled", "bounced", "dropped", "failed"]
    bank_ref_num: str = ""
    error_code: str = _GOOD

    def told(self, reference: str) -> ProviderPayment:
        """In our words."""
        code = None if self.error_code == _GOOD else self.error_code
        return ProviderPayment(
            self.mihpayid, reference, _WORDS[self.unmappedstatus], self.amount, self.bank_ref_num or None, code
        )


@dataclass(frozen=True)
class _Verified:
    status: int
    transaction_details: dict[str, _Detail | dict[str, str]]


@dataclass(frozen=True)
class _Done:
    status: int
    msg: str = ""
    error_code: int | None = None


@dataclass(frozen=True)
class _Action:
    amt: rupees.Rupees
    status: Literal["queued", "pending", "success", "failure"]
    token: str


@dataclass(frozen=True)
class _Actions:
    status: int
    transaction_details: dict[str, dict[str, _Action]]


@dataclass(frozen=True)
class _Moved:
    txnid: str
    token: str
    requestaction: Literal["capture", "refund"]
    amount: rupees.Rupees
    addedon: datetime
    mer_service_fee: rupees.Rupees
    mer_service_tax: rupees.Rupees
    mer_net_amount: rupees.SignedRupees
    mer_utr: str
    settlement_id: str

    @property
    def kind(self) -> str:
        """In our words."""
        return "collected" if self.requestaction == "capture" else "refunded"

    @property
    def reference(self) -> str:
        """Ours."""
        return self.txnid if self.requestaction == "capture" else self.token

    def paid(self) -> Paid:
        """In our words."""
        return Paid(self.kind, self.reference, self.amount, self.mer_service_fee, self.mer_service_tax, self.mer_net_amount,
                    self.settlement_id, self.mer_utr)  # fmt: skip


@dataclass(frozen=True)
class _Settled:
    status: int
    Txn_details: dict[str, _Moved]


@dataclass(frozen=True)
class _RefundNews:
    action: str
    token: str


class PayU(Http):
    """Keeps the contract `Provider`. The key's secret is the salt."""

    name = "payu"
    can: frozenset[Can] = frozenset({"card", "netbanking", "wallet", "capture", "void", "report", "settlements"})

    async def create(self, new: Charge) -> ProviderPayment | Declined | Unknown:
        return await command(self._create(new))

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        return await question(self._status(known))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        return await command(self._change(known, "capture_transaction", var2=rupees.text(amount)))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        amount = rupees.text(known.amount)
        return await command(
            self._change(known, "cancel_refund_transaction", var2=f"void_{known.reference}", var3=amount)
        )

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        return await command(self._refund(known, reference, amount))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._refund_status(known, reference))

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> News:
        if headers.get("content-type", "").startswith("application/json"):
            about = read_news(_RefundNews, body).token
            return News(f"payu:{sha256(body).hexdigest()}", "refund", look=about)
        form = _form(body)
        if not signature.same(
            signature.payu_answer(self._account.key_id, self._account.key_secret, form), form.get("hash", "")
        ):
            raise BadSignature
        event_id = f"payu:{sha256(form['hash'].encode()).hexdigest()}"
        if form.get("status") == "success":
            return News(event_id, "success", look=form.get("txnid", ""))
        try:
            amount = rupees.paise(form.get("amount", ""))
        except ValueError:
            raise Invalid([{"field": "amount", "reason": "not an amount in rupees"}]) from None
        failed = ProviderPayment(form.get("mihpayid", ""), form.get("txnid", ""), Word.FAILED, amount)
        return News(event_id, "failure", payment=failed)

    async def report(self, day: date, file: Path) -> Unknown | None:
        moved = (Movement(each.kind, each.reference, each.amount, each.addedon)
                 async for each in self._day(day) if not each.mer_utr)  # fmt: skip
        return await write_report(moved, file)

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return await write_settlements((each.paid() async for each in self._day(day) if each.mer_utr), file)

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books(basic(self._account))

    async def _create(self, new: Charge) -> ProviderPayment:
        form = {
            "key": self._account.key_id, "txnid": new.reference, "amount": rupees.text(new.amount), "productinfo": new.description,
            "firstname": "payer", "email": "payer@mela.example", "phone": "9000000000", "surl": self._account.callback_url,
            "furl": self._account.callback_url, "expiry_seconds": str(new.seconds),
        }  # fmt: skip
        if new.vpa is not None:
            raise Refused(422)
        if new.bank or new.wallet:
            form |= {"pg": "NB" if new.bank else "CASH", "bankcode": new.bank or new.wallet or ""}
        elif new.card is None:
            form |= {"pg": "UPI", "bankcode": "INTENT", "txn_s2s_flow": "2"}
        else:
            form |= {"pg": "CC", "ccnum": new.card.token, "ccexpmon": new.card.expiry[:2], "ccexpyr": new.card.expiry[2:],
                     "cryptogram": new.card.cryptogram, "network": new.card.network, "last4": new.card.last4,
                     "capture": "automatic" if new.capture else "manual"}  # fmt: skip
        form["hash"] = signature.payu_request(self._account.key_id, self._account.key_secret, form)
        told = read(_Begun | _Refusal, await self._send("POST", "/_payment", form=form))  # type: ignore[arg-type]
        if isinstance(told, _Refusal):
            raise Refused(422)
        where = f"upi://pay?{told.intentURIData}" if told.intentURIData else told.redirectUrl
        return ProviderPayment(told.referenceId, new.reference, Word.CREATED, new.amount, intent_url=where)

    async def _status(self, known: Known) -> ProviderPayment:
        found = await self._ask(_Verified, "verify_payment", known.reference)
        detail = found.transaction_details.get(known.reference)
        if not isinstance(detail, _Detail):
            raise Refused(404)
        return detail.told(known.reference)

    async def _change(self, known: Known, name: str, **more: str) -> ProviderPayment:
        """A command, and how the payment is after it: the answer to a command says too little."""
        if (await self._ask(_Done, name, known.id or "", **more)).status != 1:
            raise Refused(422)
        return await self._status(known)

    async def _refund(self, known: Known, reference: str, amount: int) -> ProviderRefund:
        more = {"var2": reference, "var3": rupees.text(amount)}
        done = await self._ask(_Done, "cancel_refund_transaction", known.id or "", **more)
        if done.status != 1 and done.error_code != _ALREADY:
            raise Refused(422)
        return await self._refund_status(known, reference)

    async def _refund_status(self, known: Known, reference: str) -> ProviderRefund:
        found = await self._ask(_Actions, "check_action_status", known.id or "", var2="payuid")
        for action in found.transaction_details.get(known.id or "", {}).values():
            if action.token == reference:
                return ProviderRefund(reference, action.amt, _REFUNDS[action.status])
        raise Refused(404)

    async def _day(self, day: date) -> AsyncIterator[_Moved]:
        for each in (await self._ask(_Settled, "get_settlement_details", day.isoformat())).Txn_details.values():
            yield each

    async def _ask(self, of: type[T], name: str, var1: str, **more: str) -> T:
        hashed = signature.payu_command(self._account.key_id, self._account.key_secret, name, var1)
        form = {"key": self._account.key_id, "command": name, "var1": var1, "hash": hashed, **more}
        return read(of, await self._send("POST", "/merchant/postservice.php?form=2", form=form))


def _form(body: bytes) -> dict[str, str]:
    """Raises: Invalid for bytes that are no form."""
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise Invalid([{"field": "body", "reason": "not a form"}]) from None
    return {name: values[0] for name, values in found.items()}
