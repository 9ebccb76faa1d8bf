"""The ledger: balances, entries, sealed blocks, and whether it holds."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from mela.kernel.web.pages import Page
from mela.services.payments.schemas import PAYMENT, WHEN
from mela.services.payments.schemas.cases import Case


class Balance(BaseModel):
    """An account of the ledger. Balance = debits less credits."""

    account: str = Field(description="Name", examples=["gateway:upi"])
    debits_paise: int = Field(description="Sum of what came in", examples=[15588000])
    credits_paise: int = Field(description="Sum of what went out", examples=[50000])
    balance_paise: int = Field(description="Debits less credits", examples=[15538000])


class BalancePage(Page[Balance]):
    """All accounts by name. Their balances add up to zero, by construction."""

    sum_paise: int = Field(description="Of all balances: zero", examples=[0])


class TransferView(BaseModel):
    """An entry of the ledger: `amount_paise` from `credit` to `debit`."""

    position: int = Field(description="Serial number", examples=[42])
    debit: str = Field(description="Account that receives", examples=["gateway:upi"])
    credit: str = Field(description="Account that gives", examples=["escrow"])
    amount_paise: int = Field(description="How much", examples=[129900])
    kind: str = Field(description="Why", examples=["capture"])
    payment_id: str | None = Field(description="Of which payment, if of one", examples=[PAYMENT])
    at: datetime = Field(description="When it was entered", examples=[WHEN])


class TransferPage(Page[TransferView]):
    """A page of the ledger, oldest first."""


class SealView(BaseModel):
    """A block of the ledger that was sealed: all transfers after the block before it."""

    number: int = Field(description="Blocks are counted from 1", examples=[7])
    last_position: int = Field(description="The transfer that ends it", examples=[7000])
    transfers: int = Field(description="How many it holds", examples=[1000])
    amount_paise: int = Field(description="Their sum", examples=[129900000])
    digest: str = Field(description="SHA-256 over the digest before and these transfers", examples=["9f86d081884c7d65"])


class SealPage(Page[SealView]):
    """Blocks, the newest first. The first digest of the first page is the head of the chain."""

    unsealed: int = Field(description="Transfers that wait to be sealed", examples=[12])
    stray: int = Field(description="Transfers in no month's partition (PostgreSQL): there must be none", examples=[0])


class SealCheck(SealView):
    """A block held against its transfers as they stand today."""

    holds: bool = Field(description="Whether nothing was changed, added or dropped", examples=[True])
    fault: Literal["last_id", "size", "amount", "digest", "day"] | None = Field(
        description="What differs first, null when nothing does", examples=[None]
    )
    moved: list[Balance] = Field(description="What the block moved, by account")


class SealCheckPage(Page[SealCheck]):
    """Blocks and whether they hold, the oldest first."""


class Comparison(BaseModel):
    """One kind of movement in both books. A difference may be on its way: look again after the next status check."""

    kind: str = Field(description="collected or refunded", examples=["collected"])
    ours_paise: int = Field(description="Sum in our ledger", examples=[15588000])
    gateway_paise: int = Field(description="Sum in the gateway's books", examples=[15588000])


class Check(BaseModel):
    """Whether the books hold."""

    balanced: bool = Field(description="Whether all balances add up to zero", examples=[True])
    agrees: bool | None = Field(
        description="Whether both books say the same; null when the gateway does not answer", examples=[True]
    )
    comparisons: list[Comparison] = Field(description="Ours and the gateway's, by kind")
    cases: list[Case] = Field(description="The newest 50 that are open")
