"""What the HTTP API of payments gives. Amounts are whole paise."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from mela.contracts.payments import Method, PaymentState
from mela.kernel.web import inputs
from mela.kernel.web.pages import Page
from mela.services.payments.rules.cases import Resolution
from mela.services.payments.rules.timeline import Kind

PAYMENT = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
CASE = "case_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
PAYER = "cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
WHEN = "2026-11-23T06:30:00Z"


class RefundView(BaseModel):
    """A refund of a payment."""

    id: str = Field(description="The refund", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="How much goes back", examples=[50000])
    state: Literal["pending", "processed", "failed"] = Field(description="Where it is", examples=["processed"])
    reason: str = Field(description="Why", examples=["returned"])


class Move(BaseModel):
    """One step in a payment's life."""

    at: datetime = Field(description="When", examples=[WHEN])
    before: str = Field(description="State before", examples=["pending"])
    after: str = Field(description="State after", examples=["captured"])
    actor: str = Field(
        description="order, payer, gateway_callback, status_check or clock", examples=["gateway_callback"]
    )
    reason: str | None = Field(description="Why, where there is a reason", examples=[None])


class CaptureIn(inputs.Strict):
    """How much of an authorised payment to take."""

    amount_paise: int = Field(ge=1, le=10**15, description="How much", examples=[129900])
    final: bool = Field(default=True, description="What is left then is let go", examples=[True])


class CaptureView(BaseModel):
    """Money of an authorised payment that is taken."""

    id: str = Field(description="The capture", examples=["cap_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    payment_id: str = Field(description="Of which payment", examples=[PAYMENT])
    amount_paise: int = Field(description="How much", examples=[129900])
    final: bool = Field(description="Whether what is left is let go", examples=[True])
    state: Literal["pending", "done", "failed"] = Field(description="Where it is", examples=["done"])


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


class ChoiceView(BaseModel):
    """A bank or a wallet."""

    code: str = Field(description="Its code", examples=["HDFC"])
    name: str = Field(description="Its name", examples=["HDFC Bank"])
    down: bool = Field(description="Payments with it do not go through at present", examples=[False])
    until: datetime | None = Field(description="Up by then, or looked at again", examples=[None])


class MethodsView(BaseModel):
    """What a payer may choose from, by name."""

    netbanking: list[ChoiceView] = Field(description="Banks")
    wallet: list[ChoiceView] = Field(description="Wallets")


class PaymentView(BaseModel):
    """A payment with all that happened to it."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    order_id: str = Field(description="What it is for", examples=["order_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount_paise: int = Field(description="How much", examples=[129900])
    refunded_paise: int = Field(description="Given back or on its way back", examples=[0])
    method: Method = Field(description="How it is paid; cod: cash on delivery", examples=["upi"])
    paid_with: str | None = Field(description="The card, bank or wallet, for people", examples=["visa 1111"])
    captured_paise: int = Field(description="Taken, or being taken", examples=[129900])
    state: PaymentState = Field(description="Where it is", examples=["captured"])
    intent_url: str | None = Field(
        description="Opens a UPI app",
        examples=["upi://pay?pa=mela@simbank&pn=Mela&tr=gp01KAR4&tn=Order&am=1299.00&cu=INR"],
    )
    rrn: str | None = Field(description="The bank's reference once captured", examples=["632715000042"])
    reason: str | None = Field(description="Why it failed, such as an NPCI code", examples=[None])
    created: datetime = Field(description="When it began", examples=[WHEN])
    expires: datetime | None = Field(description="Payable until then", examples=["2026-11-23T06:40:00Z"])
    history: list[Move] = Field(description="Every move, oldest first")
    captures: list[CaptureView] = Field(description="Of a payment that was authorised first, oldest first")
    refunds: list[RefundView] = Field(description="Oldest first")


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


class StateView(BaseModel):
    """A payment after a word of yours."""

    id: str = Field(description="The payment", examples=[PAYMENT])
    state: PaymentState = Field(description="Where it is", examples=["captured"])
    amount_paise: int = Field(description="How much", examples=[129900])


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


class OutcomeView(BaseModel):
    """How many movements of a day came out alike."""

    outcome: Literal["matched", "date_differs", "amount_differs", "repeated_there", "missing_here", "missing_there"] = (
        Field(description="Matched and date_differs are well; each other one is a case", examples=["matched"])
    )
    count: int = Field(description="Movements", examples=[1200])
    amount_paise: int = Field(description="Their sum, the provider's amount where it has one", examples=[15588000])


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


class Comparison(BaseModel):
    """One kind of movement in both books. A difference may be on its way: look again after the next status check."""

    kind: str = Field(description="collected or refunded", examples=["collected"])
    ours_paise: int = Field(description="Sum in our ledger", examples=[15588000])
    gateway_paise: int = Field(description="Sum in the gateway's books", examples=[15588000])


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


class Check(BaseModel):
    """Whether the books hold."""

    balanced: bool = Field(description="Whether all balances add up to zero", examples=[True])
    agrees: bool | None = Field(
        description="Whether both books say the same; null when the gateway does not answer", examples=[True]
    )
    comparisons: list[Comparison] = Field(description="Ours and the gateway's, by kind")
    cases: list[Case] = Field(description="The newest 50 that are open")


class Taken(BaseModel):
    """What a callback changed."""

    outcome: Literal["moved", "late", "nothing", "repeated", "looked", "held", "parked"] = Field(
        description="Its effect", examples=["moved"]
    )


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
