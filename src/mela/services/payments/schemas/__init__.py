"""What the HTTP API of payments takes and gives: here a payment by itself, in the other modules what is about it.

Amounts are whole paise.
"""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from mela.contracts.payments import Method, PaymentState
from mela.kernel.web import inputs

PAYMENT = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
CASE = "case_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
PAYER = "cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
WHEN = "2026-11-23T06:30:00Z"


class RefundView(BaseModel):
    """A refund of a payment."""

    id: str = Field(description="The refund", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="How much goes back", examples=[50000])
    state: Literal["pending", "processed", "failed"] = Field(description="Where it is", examples=["processed"])
    reason: str = Field(description="Why", examples=["returned"])


class Move(BaseModel):
    """One step in a payment's life."""

    at: datetime = Field(description="When", examples=[WHEN])
    before: str = Field(description="State before", examples=["pending"])
    after: str = Field(description="State after", examples=["captured"])
    actor: str = Field(
        description="order, payer, gateway_callback, status_check or clock", examples=["gateway_callback"]
    )
    reason: str | None = Field(description="Why, where there is a reason", examples=[None])


class CaptureIn(inputs.Strict):
    """How much of an authorised payment to take."""

    amount_paise: int = Field(ge=1, le=10**15, description="How much", examples=[129900])
    final: bool = Field(default=True, description="What is left then is let go", examples=[True])


class CaptureView(BaseModel):
    """Money of an authorised payment that is taken."""

    id: str = Field(description="The capture", examples=["cap_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    payment_id: str = Field(description="Of which payment", examples=[PAYMENT])
    amount_paise: int = Field(description="How much", examples=[129900])
    final: bool = Field(description="Whether what is left is let go", examples=[True])
    state: Literal["pending", "done", "failed"] = Field(description="Where it is", examples=["done"])


class ChoiceView(BaseModel):
    """A bank or a wallet."""

    code: str = Field(description="Its code", examples=["HDFC"])
    name: str = Field(description="Its name", examples=["HDFC Bank"])
    down: bool = Field(description="Payments with it do not go through at present", examples=[False])
    until: datetime | None = Field(description="Up by then, or looked at again", examples=[None])


class MethodsView(BaseModel):
    """What a payer may choose from, by name."""

    netbanking: list[ChoiceView] = Field(description="Banks")
    wallet: list[ChoiceView] = Field(description="Wallets")


class PaymentView(BaseModel):
    """A payment with all that happened to it."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it is for", examples=["order_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="How much", examples=[129900])
    refunded_paise: int = Field(description="Given back or on its way back", examples=[0])
    method: Method = Field(description="How it is paid; cod: cash on delivery", examples=["upi"])
    paid_with: str | None = Field(description="The card, bank or wallet, for people", examples=["visa 1111"])
    captured_paise: int = Field(description="Taken, or being taken", examples=[129900])
    state: PaymentState = Field(description="Where it is", examples=["captured"])
    intent_url: str | None = Field(
        description="Opens a UPI app",
        examples=["upi://pay?pa=mela@simbank&pn=Mela&tr=gp01KAR4&tn=Order&am=1299.00&cu=INR"],
    )
    rrn: str | None = Field(description="The bank's reference once captured", examples=["632715000042"])
    reason: str | None = Field(description="Why it failed, such as an NPCI code", examples=[None])
    created: datetime = Field(description="When it began", examples=[WHEN])
    expires: datetime | None = Field(description="Payable until then", examples=["2026-11-23T06:40:00Z"])
    history: list[Move] = Field(description="Every move, oldest first")
    captures: list[CaptureView] = Field(description="Of a payment that was authorised first, oldest first")
    refunds: list[RefundView] = Field(description="Oldest first")


class StateView(BaseModel):
    """A payment after a word of yours."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    state: PaymentState = Field(description="Where it is", examples=["captured"])
    amount_paise: int = Field(description="How much", examples=[129900])


class Taken(BaseModel):
    """What a callback changed."""

    outcome: Literal["moved", "late", "nothing", "repeated", "looked", "held", "parked"] = Field(
        description="Its effect", examples=["moved"]
    )
