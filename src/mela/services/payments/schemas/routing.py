"""Providers as they are weighed for a payment."""

from pydantic import BaseModel, Field

from mela.kernel.web.pages import Page


class CandidateView(BaseModel):
    """A provider as it is weighed for a payment. Basis points are hundredths of a percent of its amount."""

    provider: str = Field(description="Which", examples=["phonepe"])
    answers: float = Field(description="Share of requests that it answers, lately", examples=[0.998])
    captures: float = Field(description="Share of payments that are paid, lately", examples=[0.951])
    cost_bp: float = Field(description="What it takes", examples=[5.0])
    wait_ms: float = Field(description="How long it thinks", examples=[240.0])
    worth_bp: float = Field(description="answers x captures x (margin - cost) - waiting", examples=[943.1])
    takes: bool = Field(description="Whether it would get this payment if it were best", examples=[True])
    why: str = Field(description="In words", examples=["in service"])


class CandidatePage(Page[CandidateView]):
    """Providers, the best first."""


class RouteView(BaseModel):
    """Where a payment went, and why."""

    provider: str | None = Field(description="Who has it; null for cash", examples=["phonepe"])
    weighed: list[CandidateView] = Field(description="When it began, best first; empty where there was no choice")
