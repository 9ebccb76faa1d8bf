"""What a person has to look at, and what was decided."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from mela.kernel.web import inputs
from mela.kernel.web.pages import Page
from mela.services.payments.rules.cases import Resolution
from mela.services.payments.schemas import CASE, PAYMENT, WHEN


class Closing(BaseModel):
    """How a case ended."""

    resolution: Resolution = Field(description="What was done", examples=["paid_directly"])
    note: str = Field(description="Why, in the person's words", examples=["NEFT N330261234567, confirmed by the bank"])
    actor: str = Field(description="Who", examples=["operator"])
    at: datetime = Field(description="When", examples=[WHEN])
    refund_id: str | None = Field(description="The second refund, where one was made", examples=[None])


class Case(BaseModel):
    """Something that a person has to look at."""

    id: str = Field(description="The case", examples=[CASE])
    kind: str = Field(description="What is wrong", examples=["refund_refused"])
    about: str = Field(description="The payment, refund or movement", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    owner: str = Field(description="Who looks at it", examples=["payments-duty"])
    opened: datetime = Field(description="Since when", examples=[WHEN])
    amount_paise: int | None = Field(description="How much it is about, where that is known", examples=[129900])
    put_right_by: date | None = Field(
        description="The last day without compensation to the payer; null where no such clock runs", examples=[None]
    )
    owed_paise: int = Field(description="Compensation until it was closed, or until today", examples=[0])
    detail: dict[str, Any] = Field(description="What is known of it", examples=[{"payment_id": PAYMENT, "status": 400}])
    ends: list[Resolution] = Field(description="How it can be closed", examples=[["refund_again", "paid_directly"]])
    closing: Closing | None = Field(description="How it ended, null while it is open", examples=[None])


class CasePage(Page[Case]):
    """Cases, the newest first."""


class CloseIn(inputs.Strict):
    """What a person decided."""

    resolution: Resolution = Field(
        strict=False, description="What was done: one of the case's `ends`", examples=["paid_directly"]
    )
    note: inputs.Lines | None = Field(
        default=None,
        description="Why; only a second refund needs none",
        examples=["NEFT N330261234567, the bank confirms"],
    )
