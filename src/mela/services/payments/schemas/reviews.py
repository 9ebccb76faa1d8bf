"""Payments that wait for a person, and how well payers are known."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from mela.contracts.payments import PaymentState
from mela.kernel.web import inputs
from mela.kernel.web.pages import Page
from mela.services.payments.schemas import PAYER, PAYMENT, WHEN


class RiskReason(BaseModel):
    """A rule that held."""

    code: str = Field(description="Its code", examples=["A01"])
    about: str = Field(description="What it looks for", examples=["more than ₹2 lakh at once"])


class Review(BaseModel):
    """A payment that waits for a person."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it is for", examples=["order_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="How much", examples=[21_990_000])
    method: str = Field(description="How it is to be paid", examples=["upi"])
    payer: str = Field(description="Who pays", examples=[PAYER])
    place: str | None = Field(description="State of delivery, by its GST code", examples=["33"])
    reasons: list[RiskReason] = Field(description="The rules that stopped it")
    at: datetime = Field(description="When it was tried", examples=[WHEN])
    expires: datetime | None = Field(description="Until when somebody may look", examples=[WHEN])


class ReviewPage(Page[Review]):
    """Payments that wait, the oldest first."""


class ReviewIn(inputs.Strict):
    """A person's word."""

    verdict: Literal["allow", "block"] = Field(description="Whether the payment may go on", examples=["allow"])
    note: str = Field(min_length=3, max_length=500, description="Why", examples=["called back, knows of the order"])


class ReviewedView(BaseModel):
    """What the word did."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    state: PaymentState = Field(description="Where it is", examples=["created"])
    reason: str | None = Field(description="Why it failed, if it did", examples=[None])


class TierIn(inputs.Strict):
    """How well a payer is known."""

    tier: Literal["none", "minimum", "full"] = Field(description="KYC: none, minimum details, full", examples=["full"])


class TierView(TierIn):
    """How well a payer is known from now on."""

    id: str = Field(description="The payer", examples=[PAYER])
