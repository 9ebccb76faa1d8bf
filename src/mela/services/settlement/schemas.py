"""What the API of settlement takes and gives."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from mela.kernel import money
from mela.kernel.web.inputs import Strict
from mela.kernel.web.pages import Page
from mela.services.settlement.model import Amounts, Check, Entry, EntryLine, Payout, Run, Statement

Day = date
"""The type, where a field is called `date` itself."""
DAY = date(2026, 11, 25)
PAYOUT_ID = "po_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
ORDER_ID = "ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"


class RunIn(Strict):
    """Which day to settle."""

    date: Day | None = Field(
        default=None,
        strict=False,
        description="A banking day in India; left out: the day on which today's sales are due",
        examples=[DAY],
    )


class NextOut(BaseModel):
    """The next settlement."""

    date: Day = Field(description="A banking day", examples=[DAY])
    sellers: int = Field(description="Sellers who have money coming then", examples=[6])


class RunOut(BaseModel):
    """A settlement day as it stands now."""

    date: Day = Field(description="The banking day", examples=[DAY])
    started: datetime = Field(description="When it was first run", examples=["2026-11-25T00:30:00Z"])
    finished: datetime | None = Field(
        description="When every payout had been sent once", examples=["2026-11-25T00:30:02Z"]
    )
    paid: int = Field(description="Payouts that the bank has confirmed", examples=[7])
    paid_paise: int = Field(description="Their sum", examples=[8450000])
    sending: int = Field(description="Payouts whose outcome is not known yet; they are asked about", examples=[1])
    sending_paise: int = Field(description="Their sum", examples=[129900])
    carried: int = Field(description="Sellers with a balance due that is not in a payout of this day", examples=[0])
    carried_paise: int = Field(description="The sum of those balances; below zero when sellers owe", examples=[0])

    payouts: list["PayoutOut"] = Field(description="The day's payouts, by seller")

    @classmethod
    def of(cls, run: Run, payouts: list[Payout]) -> "RunOut":
        """From a run and its payouts."""
        return cls(
            date=run.settled_on, started=run.started, finished=run.finished, paid=run.paid, paid_paise=run.paid_amount,
            sending=run.sending, sending_paise=run.sending_amount, carried=run.carried, carried_paise=run.carried_amount,
            payouts=[PayoutOut.of(payout) for payout in payouts],
        )  # fmt: skip


class AmountsOut(BaseModel):
    """Gross less the four deductions is net; all are negative or zero where goods came back."""

    gross_paise: int = Field(description="What the customer paid, GST included", examples=[85800])
    taxable_paise: int = Field(description="Of it, without GST", examples=[81714])
    tax_paise: int = Field(description="Of it, GST, which the seller owes the government", examples=[4086])
    commission_paise: int = Field(description="The marketplace's commission", examples=[3432])
    commission_gst_paise: int = Field(description="GST on the commission", examples=[618])
    tcs_paise: int = Field(description="Tax collected at source (CGST Act s. 52)", examples=[409])
    tds_paise: int = Field(description="Income tax deducted at source", examples=[86])
    net_paise: int = Field(description="What is left for the seller", examples=[81255])

    @classmethod
    def of(cls, amounts: Amounts) -> "AmountsOut":
        """From amounts."""
        return cls(**{f"{head}_paise": amount for head, amount in vars(amounts).items()})


class LineOut(BaseModel):
    """A line of an order."""

    sku: str = Field(description="What was sold; of a payment your reference", examples=["RICE-SONA-5KG"])
    category: str = Field(description="Sets the commission; of a payment its method", examples=["grocery"])
    quantity: int = Field(description="Pieces sold, or come back", examples=[2])
    amounts: AmountsOut = Field(description="Of this line")

    @classmethod
    def of(cls, line: EntryLine) -> "LineOut":
        """From a line."""
        return cls(sku=line.sku, category=line.category, quantity=line.quantity, amounts=AmountsOut.of(line.amounts))


class EntryOut(BaseModel):
    """The seller's share of one sale, or of what came back."""

    order_id: str = Field(description="The order, or the payment by the merchant API", examples=[ORDER_ID])
    kind: Literal["sale", "reversal", "payment", "refund", "restored", "chargeback"] = Field(
        description="Sold, or taken back; of payments by the merchant API: taken, going back, here again because the refund was "
        "refused, or taken back by the payer's bank",
        examples=["sale"],
    )
    booked_on: date = Field(description="Day in India", examples=[date(2026, 11, 23)])
    lines: list[LineOut] = Field(description="The seller's lines of the order")
    amounts: AmountsOut = Field(description="Sums of the lines")

    @classmethod
    def of(cls, entry: Entry) -> "EntryOut":
        """From an entry."""
        lines = [LineOut.of(line) for line in entry.lines]
        return cls(order_id=entry.order_id, kind=entry.kind.value, booked_on=entry.booked_on, lines=lines,
                   amounts=AmountsOut.of(entry.amounts))  # fmt: skip


class PayoutOut(BaseModel):
    """One seller's money of one settlement day."""

    id: str = Field(description="Its reference at the bank", examples=[PAYOUT_ID])
    seller_id: str = Field(description="Who gets it", examples=["vaigai-stores"])
    date: Day = Field(description="Settlement day", examples=[DAY])
    amount_paise: int = Field(description="Always above zero", examples=[81255])
    state: Literal["sending", "paid"] = Field(
        description="`sending`: the bank has not confirmed it yet", examples=["paid"]
    )
    utr: str | None = Field(description="The bank's reference once paid", examples=["632715000007"])
    paid: datetime | None = Field(description="When the bank's confirmation came", examples=["2026-11-25T00:30:02Z"])

    @classmethod
    def of(cls, payout: Payout) -> "PayoutOut":
        """From a payout."""
        return cls(id=payout.id, seller_id=payout.seller_id, date=payout.settled_on, amount_paise=payout.amount, state=payout.state.value,
                   utr=payout.utr, paid=payout.paid)  # fmt: skip


class PayoutPage(Page[PayoutOut]):
    """A page of payouts, the latest day first."""


class StatementOut(BaseModel):
    """A seller's settlement day: what was paid for which orders, or what is carried forward."""

    seller_id: str = Field(description="You", examples=["vaigai-stores"])
    seller_name: str = Field(description="Your name in the catalogue", examples=["Vaigai Stores (sample)"])
    date: Day = Field(description="Settlement day", examples=[DAY])
    payout: PayoutOut | None = Field(
        description="None when nothing was paid: then the entries are those carried forward"
    )
    entries: list[EntryOut] = Field(description="Oldest first")
    totals: AmountsOut = Field(description="Sums of the entries")
    carried_forward_paise: int = Field(
        description="Due, and left for a later day; below zero when you owe", examples=[0]
    )
    total_in_words: str = Field(
        description="The payout, or what is carried forward, in the caller's language",
        examples=["Rupees eight hundred twelve and fifty-five paise only"],
    )

    @classmethod
    def of(cls, made: Statement, lang: str) -> "StatementOut":
        """From a statement."""
        return cls(
            seller_id=made.seller_id, seller_name=made.seller_name, date=made.settled_on,
            payout=PayoutOut.of(made.payout) if made.payout else None, entries=[EntryOut.of(e) for e in made.entries],
            totals=AmountsOut.of(made.totals), carried_forward_paise=made.carried_forward,
            total_in_words=money.words(made.payout.amount if made.payout else made.carried_forward, lang),
        )  # fmt: skip


class CheckOut(BaseModel):
    """Whether every rupee that came in went out or is still here."""

    agrees: bool = Field(description="No sum is wrong", examples=[True])
    problems: list[Literal["entries", "payouts", "ledger", "gateway"]] = Field(
        description="`entries`: heads do not add up; `payouts`: entries' net is not paid, on its way or open; "
        "`ledger`: entries that it has not yet; `gateway`: its books say otherwise",
        examples=[[]],
    )
    entries: AmountsOut = Field(description="All entries, reversals subtracted")
    open_paise: int = Field(description="Net of entries in no payout yet", examples=[0])
    paid_paise: int = Field(description="Paid to sellers", examples=[8450000])
    sending_paise: int = Field(description="On its way to sellers", examples=[0])
    gateway_paid_out_paise: int = Field(description="Payouts in the gateway's own books", examples=[8450000])
    unposted: int = Field(description="Entries that the ledger has not yet", examples=[0])

    @classmethod
    def of(cls, check: Check) -> "CheckOut":
        """From a check."""
        sums = check.sums
        return cls.model_validate({
            "agrees": not check.problems, "problems": list(check.problems), "entries": AmountsOut.of(sums.entries),
            "open_paise": sums.open_net, "paid_paise": sums.paid, "sending_paise": sums.sending,
            "gateway_paid_out_paise": check.gateway_paid_out, "unposted": sums.unposted,
        })  # fmt: skip
