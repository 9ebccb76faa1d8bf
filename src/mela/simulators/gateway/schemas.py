"""What the gateway takes and gives. Amounts are whole paise, as at Razorpay."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mela.kernel.web.inputs import LINE, LINE_OR_NOTHING, Strict
from mela.kernel.web.pages import Page

Amount = Annotated[int, Field(ge=1, le=10**12)]
Payable = Annotated[int, Field(ge=100, le=10**12)]
"""Source: Razorpay takes one rupee and more, razorpay/markdown-docs @ab3bda5 (2026-11-23)."""
Reference = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.:-]+$")]
Status = Literal["created", "authorized", "deemed", "captured", "voided", "failed", "expired"]
Vpa = Annotated[str, Field(max_length=321, pattern=r"^[A-Za-z0-9._-]{2,256}@[A-Za-z]{2,64}$")]
"""Source: the pattern in common use (UNVERIFIED)."""


class CardToken(Strict):
    """A network's token in place of a card's number."""

    token: str = Field(pattern=r"^[0-9]{12,19}$", description="The token", examples=["4895370012003478"])
    cryptogram: str = Field(
        min_length=1, max_length=80, pattern=r"^[!-~]+$", description="Of this payment", examples=["AAAA"]
    )
    expiry: str = Field(pattern=r"^(0[1-9]|1[0-2])[0-9]{2}$", description="MMYY of the token", examples=["1230"])
    network: str = Field(max_length=12, pattern=r"^[a-z]+$", description="Whose it is", examples=["visa"])
    last4: str = Field(pattern=r"^[0-9]{4}$", description="End of the card's own number", examples=["3478"])

    @property
    def shown(self) -> str:
        """What may be kept and shown of it."""
        return f"{self.network} {self.last4}"


class NewPayment(Strict):
    """A payment that a merchant asks for."""

    reference: Reference = Field(
        description="The merchant's own name, unique", examples=["pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"]
    )
    amount: Payable = Field(description="Paise, at least one rupee", examples=[129900])
    currency: Literal["INR"] = Field(default="INR", description="Always rupees", examples=["INR"])
    method: Literal["upi", "card", "netbanking", "wallet"] = Field(
        default="upi", description="A UPI link, or a page", examples=["upi"]
    )
    card: CardToken | None = Field(default=None, description="For a card: never its number")
    bank: str | None = Field(
        default=None, pattern=r"^[A-Za-z]{3,12}$", description="Of net banking; of a wallet its name", examples=["HDFC"]
    )
    vpa: Vpa | None = Field(default=None, description="For UPI collect: who is asked", examples=["asha@simbank"])
    capture: Literal["automatic", "manual"] = Field(
        default="automatic", description="A card may be authorised only", examples=["automatic"]
    )
    description: str = Field(
        max_length=80, pattern=LINE_OR_NOTHING, description="What the payer sees", examples=["Order of 2 items"]
    )
    expire_seconds: int = Field(ge=1, le=86_400, strict=True, description="Payable for this long", examples=[600])
    callback_url: str = Field(
        max_length=500, pattern=r"^https?://[^\s]+$", description="Where signed callbacks go",
        examples=["http://127.0.0.1:3000/api/payments/callbacks/gateway"],
    )  # fmt: skip


class Payment(BaseModel):
    """A payment as the merchant sees it."""

    id: str = Field(description="The gateway's name for it", examples=["gp01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    reference: str = Field(description="The merchant's name for it", examples=["pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    status: Status = Field(description="Where it is", examples=["captured"])
    amount: int = Field(description="Paise; once captured, what was captured", examples=[129900])
    refunded: int = Field(description="Paise given back or on their way back", examples=[0])
    currency: str = Field(description="Always INR", examples=["INR"])
    method: str = Field(description="upi, card, netbanking or wallet", examples=["upi"])
    card: str | None = Field(description="Network and last four digits", examples=["visa 3478"])
    bank: str | None = Field(description="Of net banking; of a wallet its name", examples=["HDFC"])
    vpa: str | None = Field(description="Who paid", examples=["asha@simbank"])
    rrn: str | None = Field(description="The bank's reference, 12 digits", examples=["632715000042"])
    error_code: str | None = Field(description="NPCI response code when it failed", examples=["Z9"])
    created_at: int = Field(description="Unix seconds", examples=[1795430000])
    intent_url: str = Field(
        description="Opens a UPI app",
        examples=["upi://pay?pa=mela@simbank&pn=Mela&tr=gp01KAR4&tn=Order&am=1299.00&cu=INR"],
    )


class Capture(Strict):
    """How much of an authorised payment to take."""

    amount: Amount = Field(description="Paise", examples=[129900])
    reference: Reference | None = Field(
        default=None,
        description="The merchant's own name; left out: the payment's",
        examples=["cap_01KAR4T0GQ8V6M2Z3XJY5N7P9B"],
    )
    final: bool = Field(default=True, description="What is left then is let go", examples=[True])


class NewToken(Strict):
    """A card as its owner types it, at the network's own page."""

    number: str = Field(pattern=r"^[0-9]{12,19}$", description="The card's number", examples=["4111111111111111"])
    expiry: str = Field(pattern=r"^(0[1-9]|1[0-2])[0-9]{2}$", description="MMYY", examples=["1230"])
    cvv: str = Field(pattern=r"^[0-9]{3,4}$", description="Looked at and forgotten", examples=["123"])


class Token(BaseModel):
    """A card by its token's name, as a shop may keep it."""

    id: str = Field(description="The token's name", examples=["ctok01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    network: str = Field(description="Whose it is", examples=["visa"])
    last4: str = Field(description="End of the card's own number", examples=["1111"])
    expiry: str = Field(description="MMYY", examples=["1230"])


class Cryptogram(Strict):
    """What a payment needs of a token."""

    reference: Reference = Field(description="Of the payment", examples=["pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])


class Downtime(BaseModel):
    """A bank or a wallet that is down."""

    method: Literal["netbanking", "wallet"] = Field(description="Which method", examples=["netbanking"])
    bank: str = Field(description="Which one", examples=["SBIN"])
    begin: int = Field(description="Unix seconds", examples=[1795430000])
    end: int | None = Field(description="Unix seconds; null: nobody knows", examples=[None])


class DowntimePage(Page[Downtime]):
    """All downtimes."""


class NewRefund(Strict):
    """Money to give back."""

    reference: Reference = Field(
        description="The merchant's own name, unique", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"]
    )
    amount: Amount = Field(description="Paise, at most what is left of the payment", examples=[50000])


class Refund(BaseModel):
    """A refund as the merchant sees it."""

    id: str = Field(description="The gateway's name for it", examples=["gr01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    reference: str = Field(description="The merchant's name for it", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    payment_id: str = Field(description="The gateway's payment", examples=["gp01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount: int = Field(description="Paise", examples=[50000])
    status: Literal["pending", "processed"] = Field(description="Where it is", examples=["processed"])
    created_at: int = Field(description="Unix seconds", examples=[1795430000])


class Beneficiary(Strict):
    """A bank account in India."""

    name: str = Field(max_length=120, pattern=LINE, description="Holder", examples=["Kaveri Stores"])
    account: str = Field(pattern=r"^[0-9A-Za-z]{6,34}$", description="Account number", examples=["000123456789"])
    ifsc: str = Field(pattern=r"^[A-Z]{4}0[A-Z0-9]{6}$", description="Branch code", examples=["SBIN0000001"])


class NewDispute(BaseModel):
    """A payer disputes a payment at the own bank."""

    reference: str = Field(
        max_length=60,
        pattern=r"^[A-Za-z0-9_.:-]+$",
        description="The payment, by the merchant's name",
        examples=["pay_01KAR4T0"],
    )
    amount: int | None = Field(
        default=None, gt=0, strict=True, description="Paise; left out: all that is not refunded", examples=[129900]
    )
    reason: str = Field(
        default="goods_not_received",
        max_length=40,
        pattern=r"^[a-z_]+$",
        description="The bank's reason",
        examples=["fraud"],
    )
    days: int = Field(default=7, ge=1, le=45, strict=True, description="To answer in", examples=[7])


class DisputeEnd(BaseModel):
    """How a dispute ends for the merchant."""

    status: Literal["won", "lost"] = Field(description="Won: the money comes back", examples=["won"])


class Dispute(BaseModel):
    """A dispute, as callbacks tell it, too."""

    id: str = Field(description="The gateway's id", examples=["gd01KAR4T0GQ8V"])
    payment_id: str = Field(description="The gateway's id of the payment", examples=["gp01KAR4T0GQ8V"])
    reference: str = Field(description="The merchant's name for it", examples=["pay_01KAR4T0"])
    amount: int = Field(description="Paise", examples=[129900])
    reason: str = Field(description="The bank's reason", examples=["fraud"])
    status: str = Field(description="opened, won or lost", examples=["opened"])
    respond_by: int = Field(description="Seconds since 1970", examples=[1764300000])
    created_at: int = Field(description="Seconds since 1970", examples=[1763700000])


class NewPayout(Strict):
    """Money to send to a bank account."""

    reference: Reference = Field(
        description="The merchant's own name, unique", examples=["payout_01KAR4T0GQ8V6M2Z3XJY5N7P9B"]
    )
    amount: Amount = Field(description="Paise", examples=[8450000])
    beneficiary: Beneficiary = Field(description="Who gets it")


class Payout(BaseModel):
    """A payout as the merchant sees it."""

    id: str = Field(description="The gateway's name for it", examples=["go01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    reference: str = Field(description="The merchant's name for it", examples=["payout_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount: int = Field(description="Paise", examples=[8450000])
    status: Literal["processed"] = Field(description="Where it is", examples=["processed"])
    utr: str = Field(description="The bank's reference", examples=["632715000007"])
    created_at: int = Field(description="Unix seconds", examples=[1795430000])


class Total(BaseModel):
    """One kind of movement."""

    count: int = Field(description="How many", examples=[120])
    amount: int = Field(description="Paise in all", examples=[15588000])


class Entry(BaseModel):
    """One movement of money in the books."""

    position: int = Field(description="Serial number", examples=[42])
    kind: Literal["collected", "refunded", "paid_out"] = Field(description="What moved", examples=["collected"])
    reference: str = Field(description="The merchant's name", examples=["pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    amount: int = Field(description="Paise", examples=[129900])
    at: int = Field(description="Unix seconds", examples=[1795430000])


class Books(BaseModel):
    """The gateway's own books: sums of all, and a page of entries."""

    totals: dict[Literal["collected", "refunded", "paid_out"], Total] = Field(description="By kind")
    held: int = Field(description="Collected less refunded less paid out, in paise", examples=[15588000])
    entries: list[Entry] = Field(description="Oldest first")
    cursor: str | None = Field(description="For the next page; null on the last", examples=["42"])


class Bill(BaseModel):
    """What a UPI app, or a bank's page, shows before the payer agrees."""

    method: str = Field(description="upi, card, netbanking or wallet", examples=["upi"])
    paid_with: str | None = Field(description="The card, bank or wallet", examples=["visa 1111"])

    id: str = Field(description="`tr` of the link", examples=["gp01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    payee: str = Field(description="Who gets the money", examples=["Mela"])
    payee_vpa: str = Field(description="Their address", examples=["mela@simbank"])
    amount: int = Field(description="Paise", examples=[129900])
    description: str = Field(description="What for", examples=["Order of 2 items"])
    status: Status = Field(description="Where it is", examples=["created"])
    rrn: str | None = Field(description="The bank's reference once paid", examples=["632715000042"])
    error_code: str | None = Field(description="NPCI response code when it failed", examples=["ZA"])
    error: str | None = Field(description="What that code means, in English", examples=["declined by the payer"])
    intent_url: str = Field(
        description="The link, which is also what the QR code holds",
        examples=["upi://pay?pa=mela@simbank&pn=Mela&tr=gp01KAR4&tn=Order&am=1299.00&cu=INR"],
    )
    expires: datetime = Field(description="Payable until then", examples=["2026-11-23T12:40:00Z"])
    pin_tries_left: int = Field(description="How often a PIN may still be entered", examples=[3])
    seconds_left: int = Field(description="Payable for this long", examples=[540])


class Approval(Strict):
    """The payer enters the PIN, or on the page of a card's bank the code that it has sent."""

    vpa: Vpa = Field(default="payer@simbank", description="The payer's address", examples=["asha@simbank"])
    pin: str | None = Field(
        default=None, pattern=r"^([0-9]{4}|[0-9]{6})$", description="The UPI PIN; left out, the phone has asked for it itself",
        examples=["1234"],
    )  # fmt: skip
    otp: str | None = Field(
        default=None, pattern=r"^[0-9]{6}$", description="For a card, the code that its bank has sent: any but 000000",
        examples=["123456"],
    )  # fmt: skip


class PayerAccount(BaseModel):
    """An account that the payer's phone knows."""

    vpa: str = Field(description="Its address", examples=["asha@simbank"])
    holder: str = Field(description="Whose it is", examples=["Asha"])
    bank: str = Field(description="The bank, invented", examples=["Sample Bank of India"])
    masked: str = Field(description="The end of its number", examples=["XXXX4321"])
    most_paise: int = Field(description="What the bank lets go in one payment", examples=[10000000])
    pin: str = Field(description="The PIN: this is a simulator", examples=["1234"])


class PayerAccountPage(Page[PayerAccount]):
    """All accounts of the payer."""


class Refusal(Strict):
    """The payer, or the payer's bank, says no."""

    code: str = Field(default="ZA", pattern=r"^[A-Z0-9]{2,3}$", description="NPCI response code", examples=["ZA"])
