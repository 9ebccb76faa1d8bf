"""Money of sellers that is kept back."""

from datetime import datetime

from pydantic import BaseModel, Field

from mela.kernel.web.pages import Page
from mela.services.payments.schemas import WHEN


class HoldIn(BaseModel):
    """Whose money to keep back, how much, and why."""

    seller_id: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="The seller", examples=["malwa-bazaar"])
    amount_paise: int = Field(
        gt=0, le=10**15, strict=True, description="No more than the seller has coming", examples=[250000]
    )
    reason: str = Field(
        min_length=3, max_length=500, description="Why", examples=["case_01KAR4T0: goods were not delivered"]
    )


class HoldView(BaseModel):
    """Money of a seller that is kept back, or was."""

    id: str = Field(description="The hold", examples=["hold_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    seller_id: str = Field(description="The seller", examples=["malwa-bazaar"])
    amount_paise: int = Field(description="How much", examples=[250000])
    reason: str = Field(description="Why", examples=["case_01KAR4T0: goods were not delivered"])
    by: str = Field(description="Who keeps it back", examples=["operator"])
    at: datetime = Field(description="Since when", examples=[WHEN])
    released_by: str | None = Field(description="Who gave it back", examples=[None])
    released: datetime | None = Field(description="When", examples=[None])


class HoldPage(Page[HoldView]):
    """What is held now, oldest first."""
