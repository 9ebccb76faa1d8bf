"""What the inbox takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from mela.kernel.web.inputs import Strict
from mela.kernel.web.pages import Page

Phone = Annotated[
    str, Field(pattern=r"^\+91[6-9][0-9]{9}$", description="Indian mobile number", examples=["+919876543210"])
]
Reference = Annotated[
    str,
    Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.:-]+$", description="The sender's own name, unique",
          examples=["code_01KAR4T0GQ8V6M2Z3XJY5N7P9B"]),
]  # fmt: skip


class NewSms(Strict):
    """A text to send."""

    to: Phone
    text: str = Field(
        min_length=1,
        max_length=1000,
        pattern=r"^[^\x00]+$",
        description="What to say",
        examples=["042917 is your Mela sign-in code."],
    )
    reference: Reference


class Sms(BaseModel):
    """A text as the phone shows it."""

    to: Phone
    text: str = Field(description="What was said", examples=["042917 is your Mela sign-in code."])
    reference: Reference
    received: datetime = Field(description="When it arrived", examples=["2026-11-23T12:30:00Z"])


class SmsPage(Page[Sms]):
    """A phone's inbox, newest first."""
