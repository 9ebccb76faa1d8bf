"""What goes wrong, decided in advance: the same plan, reference and try always give the same fate."""

import hashlib
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
Fault = Literal[
    "drop_before",
    "drop_after",
    "drop_after_debit",
    "callback_twice",
    "callback_lost",
    "callback_late",
    "sign_wrongly",
    "decline",
    "deemed",
    "deemed_reversed",
    "refund_pending",
    "refund_refused",
    "report_omits",
    "report_repeats",
    "report_wrong_amount",
    "settle_omits",
    "settle_repeats",
    "settle_short",
    "settle_fee",
    "lie",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class Plan(BaseModel):
    """Shares are from 0 (never) to 1 (always). A dropped request is answered with 503; its repetition draws anew."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, ge=0, le=2**31, strict=True, description="Another seed, other victims", examples=[7])
    latency_ms: int = Field(
        default=0, ge=0, le=60_000, strict=True, description="Wait before each answer, after the effect", examples=[40]
    )
    drop_before: Share = Field(default=0.0, description="Requests dropped with no effect", examples=[0.01])
    drop_after: Share = Field(default=0.0, description="Requests carried out, their answers lost", examples=[0.01])
    drop_after_debit: Share = Field(
        default=0.0, description="Payers debited, then silence: neither answer nor callback", examples=[0.02]
    )
    callback_twice: Share = Field(default=0.0, description="Callbacks sent again after they were taken", examples=[0.1])
    callback_lost: Share = Field(default=0.0, description="Callbacks never sent", examples=[0.02])
    callback_delay_ms: int = Field(
        default=0, ge=0, le=86_400_000, strict=True, description="Wait before a callback", examples=[200]
    )
    callback_late: Share = Field(
        default=0.0, description="Callbacks held back, so that later ones overtake them", examples=[0.1]
    )
    callback_late_ms: int = Field(
        default=5_000, ge=0, le=86_400_000, strict=True, description="How long such a callback is held", examples=[5000]
    )
    sign_wrongly: Share = Field(
        default=0.0, description="Callbacks whose signature is wrong the first time they are brought", examples=[0.1]
    )
    leak_ms: int = Field(
        default=0,
        ge=0,
        le=1_000,
        strict=True,
        description="Each answer takes so much longer than the one before",
        examples=[5],
    )
    lie: Share = Field(
        default=0.0, description="Status checks that say of a payment that was made: it failed", examples=[0.1]
    )
    decline: Share = Field(default=0.0, description="Approved payments that the payer's bank declines", examples=[0.05])
    decline_codes: tuple[str, ...] = Field(
        default=("Z9", "ZM", "U30"), min_length=1, max_length=40,
        description="NPCI codes to decline with, drawn evenly", examples=[["Z9", "U30"]],
    )  # fmt: skip
    deemed: Share = Field(
        default=0.0, description="Approved UPI payments that the other bank does not confirm for a while (code RB)",
        examples=[0.02],
    )  # fmt: skip
    deemed_ms: int = Field(
        default=5_000,
        ge=0,
        le=86_400_000,
        strict=True,
        description="How long such a payment stays open",
        examples=[5000],
    )
    deemed_reversed: Share = Field(default=0.0, description="Of those: reversed in the end, not paid", examples=[0.3])
    banks_down: tuple[str, ...] = Field(
        default=(), max_length=100, description="Banks and wallets that are down: told as such, and no payment with them succeeds",
        examples=[["SBIN"]],
    )  # fmt: skip
    refund_pending: Share = Field(default=0.0, description="Refunds that stay pending for a while", examples=[0.2])
    refund_pending_ms: int = Field(
        default=5_000, ge=0, le=86_400_000, strict=True, description="How long such a refund takes", examples=[5000]
    )
    refund_refused: Share = Field(
        default=0.0, description="Refunds that the payer's bank does not take", examples=[0.05]
    )

    report_omits: Share = Field(default=0.0, description="Movements left out of a day's file", examples=[0.001])
    report_repeats: Share = Field(
        default=0.0, description="Movements that stand twice in a day's file", examples=[0.001]
    )
    report_wrong_amount: Share = Field(
        default=0.0, description="Movements a rupee too high in a day's file", examples=[0.001]
    )

    settle_omits: Share = Field(default=0.0, description="Movements that no settlement pays", examples=[0.001])
    settle_repeats: Share = Field(default=0.0, description="Movements that a settlement pays twice", examples=[0.001])
    settle_short: Share = Field(default=0.0, description="Movements settled with a rupee less", examples=[0.001])
    settle_fee: Share = Field(default=0.0, description="Movements with a fee a rupee too high", examples=[0.001])

    def hits(self, fault: Fault, reference: str, *, kind: str = "", attempt: int = 0) -> bool:
        """Whether this fault meets the `attempt`-th request of a kind about this reference."""
        share: float = getattr(self, fault)
        return share > 0 and self._draw(fault, kind, reference, attempt) < share

    def decline_code(self, reference: str) -> str:
        """The code that a declined payment gets."""
        return self.decline_codes[int(self._draw("decline_code", "", reference, 0) * len(self.decline_codes))]

    def drops(self) -> bool:
        """Whether any request may be dropped or answered with a lie, so that tries must be counted."""
        return self.drop_before > 0 or self.drop_after > 0 or self.lie > 0

    def _draw(self, *parts: object) -> float:
        """A number in [0, 1) that depends on the seed and the parts only."""
        digest = hashlib.sha256(":".join(map(str, (self.seed, *parts))).encode()).digest()
        return int.from_bytes(digest[:6]) / 2**48
