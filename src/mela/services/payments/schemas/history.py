"""Payments in a list, and the life of one."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from mela.contracts.payments import Method, PaymentState
from mela.kernel.web.pages import Page
from mela.services.payments.rules.timeline import Kind
from mela.services.payments.schemas import PAYMENT, WHEN


class PaymentLine(BaseModel):
    """A payment in a list."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it is for", examples=["ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="How much", examples=[129900])
    refunded_paise: int = Field(description="Given back or on its way back", examples=[0])
    method: Method = Field(description="How it is paid", examples=["upi"])
    paid_with: str | None = Field(description="The card, bank or wallet, for people", examples=["visa 1111"])
    state: PaymentState = Field(description="Where it is", examples=["captured"])
    provider: str | None = Field(description="Who has it; null for cash", examples=["phonepe"])
    rrn: str | None = Field(description="The bank's reference once captured", examples=["632715000042"])
    reason: str | None = Field(description="Why it failed, such as an NPCI code", examples=["ZA"])
    merchant_id: str | None = Field(description="Who began it by the API; null: an order of the shop", examples=[None])
    reference: str | None = Field(description="What that merchant calls it", examples=[None])
    mode: Literal["test", "live"] = Field(description="`test`: no money moves", examples=["live"])
    meaning: str | None = Field(description="What that reason means, where we know", examples=["declined by the payer"])
    created: datetime = Field(description="When it began", examples=[WHEN])
    expires: datetime | None = Field(description="Payable until then", examples=["2026-11-23T06:40:00Z"])


class PaymentPage(Page[PaymentLine]):
    """Payments, the latest first."""


class MomentView(BaseModel):
    """Something that happened to a payment."""

    at: datetime = Field(description="When", examples=[WHEN])
    kind: Kind = Field(description="What sort of thing", examples=["moved"])
    by: str = Field(description="Who did it", examples=["callback"])
    text: str = Field(description="In words", examples=["pending → captured, RRN 632715000042"])
    about: str | None = Field(description="A refund, a case, a ledger entry", examples=[None])


class TimelineView(BaseModel):
    """A payment's life."""

    moments: list[MomentView] = Field(description="Oldest first")
    outlook: str | None = Field(
        description="What comes next by itself", examples=["phonepe is asked again at 12:31:20"]
    )
