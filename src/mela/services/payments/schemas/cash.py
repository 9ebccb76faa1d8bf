"""Cash that couriers have, and what they hand in."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from mela.kernel.web import inputs
from mela.kernel.web.pages import Page
from mela.services.payments.schemas import PAYMENT, WHEN


class CashView(BaseModel):
    """Cash of a payment that a courier has."""

    payment_id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it was for", examples=["ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="Less what the courier has given back", examples=[129900])
    collected: datetime = Field(description="When, at the door", examples=[WHEN])
    overdue: bool = Field(description="Whether it should have been handed in by now", examples=[False])


class CashPage(Page[CashView]):
    """Cash that couriers have."""


class RemittanceIn(inputs.Strict):
    """Cash that a courier has taken to the bank."""

    courier: str = Field(pattern=r"^[A-Za-z0-9_-]{1,60}$", description="Who", examples=["bluebird"])
    bank_reference: str = Field(
        pattern=r"^[A-Za-z0-9/-]{4,40}$", description="Of the deposit (UTR)", examples=["SBIN126331000042"]
    )
    amount_paise: int = Field(ge=0, le=10**15, description="How much", examples=[129900])
    payments: list[Annotated[str, Field(pattern=r"^pay_[0-9A-HJKMNP-TV-Z]{26}$")]] = Field(
        min_length=1, max_length=500, description="Of which payments", examples=[[PAYMENT]]
    )


class RemittanceView(BaseModel):
    """Cash that was handed in."""

    id: str = Field(description="The remittance", examples=["rem_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    courier: str = Field(description="Who", examples=["bluebird"])
    bank_reference: str = Field(description="Of the deposit", examples=["SBIN126331000042"])
    amount_paise: int = Field(description="How much", examples=[129900])
    expected_paise: int = Field(description="How much was collected for these payments", examples=[129900])
    at: datetime = Field(description="When it was said", examples=[WHEN])
