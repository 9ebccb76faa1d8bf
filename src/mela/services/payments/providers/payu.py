"""PayU: forms with a SHA-512 over named fields; our id is the txnid; a refund is found again by our token.

A callback's hash covers status, amount and txnid, which is all that is believed of it; a refund's callback has none, so it is a hint.
A chargeback's is signed in a header, if PayU has been asked to: one without is refused.

Source: see `simulators.gateway.faces.payu`, which lists what is assumed.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs

from pydantic import StringConstraints, ValidationError

from mela.kernel import messages
from mela.kernel.clock import INDIA
from mela.kernel.errors import Invalid
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
from mela.services.payments.providers.fields import Code, Id, Link, Rrn, Stamp
from mela.services.payments.providers.http import (
    Account,
    Http,
    Movement,
    Paid,
    Refused,
    about,
    command,
    invalid,
    question,
    read,
    read_news,
    reason,
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
_ENDS: Mapping[str, Literal["opened", "won", "lost"]] = {
    "closedcustomerfavour": "lost", "closedincustomerfavour": "lost", "closedinmerchantfavour": "won",
    "closedunderfraudliability": "won",
}  # fmt: skip
"""Statuses that end a chargeback, without spaces and case; for fraud liability PayU pays."""
_GOOD = "E000"
_ALREADY = 106
_JSON = "application/json"
_Query = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,1180}$")]


@dataclass(frozen=True)
class _Begun:
    referenceId: Id  # noqa: N815 (published so)
    intentURIData: _Query | None = None  # noqa: N815 (published so)
    redirectUrl: Link | None = None  # noqa: N815 (published so)


@dataclass(frozen=True)
class _Refusal:
    status: Literal["failed"]
    error: Code


@dataclass(frozen=True)
class _Detail:
    mihpayid: Id
    amount: rupees.Rupees
    unmappedstatus: Literal["auth", "captured", "pending", "userCancelled", "bounced", "dropped", "failed"]
    bank_ref_num: Rrn = ""
    error_code: Code = _GOOD

    def told(self, reference: str) -> ProviderPayment:
        """In our words."""
        code = None if self.error_code == _GOOD else self.error_code
        return ProviderPayment(
            self.mihpayid, reference, _WORDS[self.unmappedstatus], self.amount, self.bank_ref_num or None, code
        )


@dataclass(frozen=True)
class _Nothing:
    """What stands where there is no such transaction."""

    status: Literal["Not Found"]


@dataclass(frozen=True)
class _Verified:
    status: int
    transaction_details: dict[str, _Detail | _Nothing]


@dataclass(frozen=True)
class _Done:
    status: int
    error_code: int | None = None


@dataclass(frozen=True)
class _Action:
    amt: rupees.Rupees
    status: Literal["queued", "pending", "success", "failure"]
    token: Id


@dataclass(frozen=True)
class _Actions:
    status: int
    transaction_details: dict[str, dict[str, _Action]]


@dataclass(frozen=True)
class _Moved:
    txnid: Id | Literal[""]
    token: Id | Literal[""]
    requestaction: Literal["capture", "refund"]
    amount: rupees.Rupees
    addedon: Stamp
    mer_service_fee: rupees.Rupees
    mer_service_tax: rupees.Rupees
    mer_net_amount: rupees.SignedRupees
    mer_utr: Id | Literal[""]
    settlement_id: Id | Literal[""]

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
    token: Id


@dataclass(frozen=True)
class _Dispute:
    event: Literal["dispute"]
    cb_id: int
    txn_id: Id
    cb_type: Code
    cb_status: Code
    cb_amount: rupees.Rupees
    reason_code: Code = ""
    due_date: date | None = None

    def told(self) -> ProviderDispute:
        """In our words; who may answer until a day may until it is over in India."""
        status = _ENDS.get(self.cb_status.replace(" ", "").lower(), "opened")
        until = datetime.combine(self.due_date, time(23, 59, 59), INDIA) if self.due_date else None
        why = reason(self.reason_code)
        return ProviderDispute(str(self.cb_id)[:40], self.txn_id, self.cb_amount, status, why, until)


@dataclass(frozen=True)
class _Answer:
    """What a callback's hash covers, and theirs of the payment."""

    hash: str
    status: str
    txnid: Id
    amount: rupees.Rupees
    mihpayid: Id


class PayU(Http):
    """Keeps the contract `Provider`. The key's secret is the salt."""

    name = "payu"
    can: frozenset[Can] = frozenset({"card", "netbanking", "wallet", "capture", "void", "report", "settlements"})

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        return await question(self._status(known))

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        return await command(self._change(known, "capture_transaction", least=amount, var2=rupees.text(amount)))

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        amount = rupees.text(known.amount)
        return await command(
            self._change(known, "cancel_refund_transaction", var2=f"void_{known.reference}", var3=amount)
        )

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        return await command(self._refund(known, reference, amount))

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        return await question(self._refund_status(known, reference))

    def _is_genuine(self, account: Account, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        if _is_json(headers):
            return self._is_hint_or_signed(account, headers, body)
        form = _form(body)
        return signature.same(signature.payu_answer(account.key_id, account.key_secret, form), form.get("hash", ""))

    def _is_hint_or_signed(self, account: Account, headers: Mapping[str, str], body: bytes) -> bool:
        """A refund's news are never signed, and a hint only; a chargeback's are, over the text of its fields."""
        if isinstance(_json_news(body), _RefundNews):
            return True
        wanted = signature.payu_dispute(account.key_id, account.key_secret, messages.from_json(dict[str, Any], body))
        return signature.same(wanted, headers.get("x-payu-dispute-webhook-signature-v2", ""))

    def _news(self, headers: Mapping[str, str], body: bytes) -> News:
        if _is_json(headers):
            told_of, event = _json_news(body), f"payu:{sha256(body).hexdigest()}"
            if isinstance(told_of, _Dispute):
                return News(event, told_of.event, dispute=told_of.told())
            return News(event, "refund", look=told_of.token)
        try:
            told: _Answer = messages.adapter(_Answer).validate_python(_form(body))
        except ValidationError as error:
            raise invalid(error) from error
        event = f"payu:{sha256(told.hash.encode()).hexdigest()}"
        if told.status == "success":
            return News(event, "success", look=told.txnid)
        return News(event, "failure", payment=ProviderPayment(told.mihpayid, told.txnid, Word.FAILED, told.amount))

    async def report(self, day: date, file: Path) -> Unknown | None:
        moved = (Movement(each.kind, each.reference, each.amount, each.addedon)
                 async for each in self._day(day) if not each.mer_utr)  # fmt: skip
        return await write_report(moved, file)

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        return await write_settlements((each.paid() async for each in self._day(day) if each.mer_utr), file)

    async def books(self) -> ProviderBooks | Unknown:
        return await self._books()

    async def _create(self, new: Charge) -> ProviderPayment:
        form = {
            "key": self._account.key_id, "txnid": new.reference, "amount": rupees.text(new.amount), "productinfo": new.description,
            "firstname": "payer", "email": "payer@mela.example", "phone": "9000000000", "surl": self._account.callback_url,
            "furl": self._account.callback_url, "expiry_seconds": str(new.seconds),
        }  # fmt: skip
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

    async def _change(self, known: Known, name: str, *, least: int = 0, **more: str) -> ProviderPayment:
        """A command, and how the payment is after it: the answer to a command says too little."""
        if (await self._ask(_Done, name, known.id or "", **more)).status != 1:
            raise Refused(422)
        return about(known.reference, await self._status(known), least=least)

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


def _json_news(body: bytes) -> _RefundNews | _Dispute:
    """Raises: Invalid for what is neither."""
    told: _RefundNews | _Dispute = read_news(_RefundNews | _Dispute, body)  # type: ignore[arg-type]
    return told


def _is_json(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").startswith(_JSON)


def _form(body: bytes) -> dict[str, str]:
    """Raises: Invalid for bytes that are no form."""
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise Invalid([{"field": "body", "reason": "not a form"}]) from None
    return {name: values[0] for name, values in found.items()}
