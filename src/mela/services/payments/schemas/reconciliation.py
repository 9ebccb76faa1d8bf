"""A day held against the providers' files and settlements."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from mela.kernel.web import inputs
from mela.kernel.web.pages import Page
from mela.services.payments.schemas import WHEN


class OutcomeView(BaseModel):
    """How many movements of a day came out alike."""

    outcome: Literal["matched", "date_differs", "amount_differs", "repeated_there", "missing_here", "missing_there"] = (
        Field(description="Matched and date_differs are well; each other one is a case", examples=["matched"])
    )
    count: int = Field(description="Movements", examples=[1200])
    amount_paise: int = Field(description="Their sum, the provider's amount where it has one", examples=[15588000])


class SettledView(BaseModel):
    """How many movements came out alike in the settlements of a day."""

    outcome: Literal[
        "settled", "not_settled_yet", "overdue", "settled_short", "settled_over", "fee_differs", "repeated_there", "missing_here",
    ] = Field(description="Settled and not_settled_yet are well; each other one is a case", examples=["settled"])  # fmt: skip
    count: int = Field(description="Movements", examples=[1200])
    amount_paise: int = Field(
        description="Their sum before fees, the provider's amount where it has one", examples=[15588000]
    )


class ArrivalView(BaseModel):
    """A provider's settlement, as it came to our bank."""

    provider: str = Field(description="Who settled", examples=["razorpay"])
    utr: str = Field(description="The transfer's reference at the bank", examples=["SIMRAZO20261126"])
    movements: int = Field(description="That it paid", examples=[1200])
    net_paise: int = Field(description="What came", examples=[15573285])
    fee_paise: int = Field(description="What the provider kept of movements that are ours", examples=[12470])
    tax_paise: int = Field(description="GST on it", examples=[2245])


class ReconciliationView(BaseModel):
    """A day held against the provider's file, and the settlements that were made on it."""

    day: date = Field(description="In India", examples=["2026-11-25"])
    agrees: bool = Field(description="Whether nobody has to look", examples=[True])
    outcomes: list[OutcomeView] = Field(description="By outcome")
    settlements: list[SettledView] = Field(
        description="Movements of earlier days in the settlements of this one, by outcome"
    )
    arrived: list[ArrivalView] = Field(description="What providers settled to our bank that day")
    at: datetime = Field(description="When it was held against the file last", examples=[WHEN])


class ReconciliationPage(Page[ReconciliationView]):
    """Days, the latest first."""


class ReconciliationIn(BaseModel):
    """Which day to hold against the provider's file."""

    day: inputs.Day = Field(description="In India, before today", examples=["2026-11-25"])
