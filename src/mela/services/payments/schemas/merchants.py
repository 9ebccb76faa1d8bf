"""What the merchant API takes and gives. Amounts are whole paise."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from mela.contracts.payments import Capture, Instrument, PaymentState
from mela.kernel.web.inputs import LINE, Strict, Words
from mela.kernel.web.pages import Page
from mela.services.payments import schemas
from mela.services.payments.service.merchants import Balance, Owner

OnlineMethod = Literal["upi", "card", "netbanking", "wallet"]
Mode = Literal["test", "live"]
Day = date
"""The type, where a field is called `date` itself."""
REFUND = "rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/#-]{1,80}$")]
Money = Annotated[int, Field(ge=100, le=10**12)]
_MODE = Field(description="`test`: no money moves", examples=["test"])


class PayerIn(Strict):
    """Who pays, for the fraud rules; live mode only."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,24}$", description="Your name for this customer", examples=["c-1042"])
    name: Words | None = Field(
        default=None, description="Compared with the screening list, not kept", examples=["Meena R"]
    )
    device: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_-]{8,64}$", description="A random mark of the browser or phone", examples=["d3f1a2b4c5"]
    )  # fmt: skip


class PaymentIn(Strict):
    """A payment to begin."""

    amount_paise: Money = Field(description="How much, from ₹1 on", examples=[129900])
    method: OnlineMethod = Field(description="How it is to be paid", examples=["upi"])
    reference: Reference = Field(description="What you call it, such as your order's number", examples=["order-1042"])
    description: str = Field(
        default="Payment", max_length=80, pattern=LINE, description="What the payer reads", examples=["Two books"]
    )
    expires_in_s: int = Field(default=600, ge=60, le=86_400, description="Payable for so many seconds", examples=[600])
    vpa: str | None = Field(
        default=None, max_length=100, pattern=r"^[A-Za-z0-9._-]{1,64}@[A-Za-z]{2,32}$", examples=["success@mela"],
        description="UPI address that is asked to pay, where that is still allowed; in test mode what happens",
    )  # fmt: skip
    card: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.-]{4,64}$", examples=[None],
        description="A card's token, never its number; in test mode what happens, such as `tok_success`",
    )  # fmt: skip
    bank: str | None = Field(default=None, pattern="^[A-Z0-9]{2,20}$", description="For net banking", examples=[None])
    wallet: str | None = Field(default=None, pattern="^[a-z0-9_]{2,20}$", description="For a wallet", examples=[None])
    capture: bool = Field(
        default=True, description="False: a card is authorised only, and captured later", examples=[True]
    )
    payer: PayerIn | None = Field(default=None, description="Without it the fraud rules cannot look", examples=[None])

    def instrument(self) -> Instrument:
        """What is paid with."""
        return Instrument(card=self.card, bank=self.bank, wallet=self.wallet, vpa=self.vpa)


class PaymentOut(BaseModel):
    """A payment."""

    id: str = Field(description="The payment", examples=[schemas.PAYMENT])
    mode: Mode = _MODE
    reference: str = Field(description="What you call it", examples=["order-1042"])
    amount_paise: int = Field(description="How much", examples=[129900])
    captured_paise: int = Field(description="Taken, or being taken", examples=[129900])
    refunded_paise: int = Field(description="Given back, or on its way back", examples=[0])
    method: OnlineMethod = Field(description="How it is paid", examples=["upi"])
    paid_with: str | None = Field(description="The card, bank, wallet or magic value", examples=["success@mela"])
    state: PaymentState = Field(description="Where it is", examples=["captured"])
    pay_url: str | None = Field(
        description="Opens a UPI app or a bank's page", examples=["upi://pay?pa=mela@simbank&am=1299.00&cu=INR"]
    )
    rrn: str | None = Field(description="The bank's reference, once it is captured", examples=["632715000042"])
    reason: str | None = Field(description="Why it failed or waits: an NPCI code, or ours", examples=[None])
    created: datetime = Field(description="When it began", examples=[schemas.WHEN])
    expires: datetime | None = Field(description="Payable until then", examples=["2026-11-23T06:40:00Z"])

    @classmethod
    def of(cls, row: Any) -> "PaymentOut":
        """From its row."""
        return cls(
            id=row.id, mode="test" if row.provider == "test" else "live", reference=row.reference, amount_paise=row.amount,
            captured_paise=row.captured, refunded_paise=row.refunded, method=row.method, paid_with=row.paid_with, state=row.state,
            pay_url=row.intent_url, rrn=row.rrn, reason=row.reason, created=row.created, expires=row.expires,
        )  # fmt: skip


class PaymentPage(Page[PaymentOut]):
    """Your payments of this mode, the latest first."""


class CaptureIn(Strict):
    """Authorised money to take."""

    amount_paise: Money | None = Field(default=None, description="Null: all that is left", examples=[50000])
    final: bool = Field(default=True, description="Whether what is left is let go", examples=[True])


class CaptureOut(schemas.CaptureView):
    """A capture."""

    mode: Mode = _MODE

    @classmethod
    def made(cls, capture: Capture, *, test: bool) -> "CaptureOut":
        """From a capture."""
        return cls(
            id=capture.id, payment_id=capture.payment_id, amount_paise=capture.amount, final=capture.final, state=capture.state,
            mode="test" if test else "live",
        )  # fmt: skip


class RefundIn(Strict):
    """Money to give back."""

    amount_paise: int | None = Field(
        default=None, ge=1, le=10**12, description="Null: all that is left", examples=[50000]
    )
    reason: Words = Field(description="Why", examples=["returned"])


class RefundOut(BaseModel):
    """A refund."""

    id: str = Field(description="The refund", examples=[REFUND])
    mode: Mode = _MODE
    payment_id: str = Field(description="Of this payment", examples=[schemas.PAYMENT])
    amount_paise: int = Field(description="How much goes back", examples=[50000])
    state: Literal["pending", "processed", "failed"] = Field(description="Where it is", examples=["processed"])
    reason: str = Field(description="Why", examples=["returned"])
    created: datetime = Field(description="When you asked for it", examples=[schemas.WHEN])

    @classmethod
    def of(cls, row: Any, *, test: bool) -> "RefundOut":
        """From its row."""
        return cls(
            id=row.id, mode="test" if test else "live", payment_id=row.payment_id, amount_paise=row.amount, state=row.state,
            reason=row.reason, created=row.created,
        )  # fmt: skip


class RefundPage(Page[RefundOut]):
    """Your refunds of this mode, the latest first."""


class BalanceOut(BaseModel):
    """What you have coming, and what is kept back or on its way."""

    merchant_id: str = Field(description="Whose", examples=["kaveri-traders"])
    mode: Mode = _MODE
    coming_paise: int = Field(
        description="Taken less fees, refunds and chargebacks, and not paid out yet; below zero when you owe",
        examples=[245800],
    )
    refunds_beyond_paise: int = Field(
        description="How far below zero refunds may take it; the next payouts make up for it", examples=[5000000]
    )
    held_paise: int = Field(description="Kept back for a case, a review or an open dispute", examples=[0])
    sending_paise: int = Field(description="On its way to your bank account", examples=[129900])

    @classmethod
    def of(cls, owner: Owner, balance: Balance) -> "BalanceOut":
        """From a balance."""
        return cls(
            merchant_id=owner.id, mode="test" if owner.test else "live", coming_paise=balance.coming, held_paise=balance.held,
            refunds_beyond_paise=balance.room, sending_paise=balance.sending,
        )  # fmt: skip


class PayoutOut(BaseModel):
    """Your money of one settlement day."""

    id: str = Field(description="Its reference at the bank", examples=["po_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    mode: Mode = _MODE
    date: Day = Field(description="Settlement day, a banking day in India", examples=[Day(2026, 11, 25)])
    amount_paise: int = Field(description="Always above zero", examples=[245800])
    state: Literal["sending", "paid"] = Field(
        description="`sending`: the bank has not confirmed it yet", examples=["paid"]
    )
    utr: str | None = Field(description="The bank's reference once paid", examples=["632715000007"])
    created: datetime = Field(description="When it was opened", examples=[schemas.WHEN])
    paid: datetime | None = Field(description="When the bank's confirmation came", examples=[schemas.WHEN])

    @classmethod
    def of(cls, row: Any) -> "PayoutOut":
        """From its row; in test mode nothing is paid out."""
        return cls(
            id=row.id, mode="live", date=row.settled_on, amount_paise=row.amount, state="paid" if row.paid else "sending",
            utr=row.utr, created=row.opened, paid=row.paid,
        )  # fmt: skip


class PayoutPage(Page[PayoutOut]):
    """Your payouts, the latest first."""


class OutcomeOut(BaseModel):
    """What a magic value of test mode does."""

    vpa: str = Field(description="As UPI address", examples=["declined.ZA@mela"])
    card: str = Field(description="As card token", examples=["tok_declined.ZA"])
    about: str = Field(description="What happens then", examples=["refused after a second (declined by the payer)"])


class OutcomePage(Page[OutcomeOut]):
    """Every magic value, on one page."""
