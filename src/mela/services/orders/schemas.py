"""What the API of orders takes and gives."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from mela.contracts.catalog import PricedLine
from mela.contracts.payments import Instrument, Method
from mela.kernel.web.inputs import Phone, Strict, Words, WordsOrNothing
from mela.kernel.web.pages import Page
from mela.services.orders import rules
from mela.services.orders.model import Address, Order, OrderState, RefundState, Return, ReturnState

City = Literal["mumbai", "delhi", "bengaluru", "chennai"]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Z0-9-]+$")]
ORDER = "ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
RETURN = "ret_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
PAYMENT = "pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
REFUND = "rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
NAMES = {"en": "Sona Masoori rice, 5 kg", "hi": "सोना मसूरी चावल, 5 किग्रा"}
WHEN = "2026-11-23T12:30:00Z"


class Quantity(Strict):
    """How many pieces should be in the cart."""

    quantity: int = Field(ge=0, le=rules.MAX_PIECES, description="0 takes the item out", examples=[2])


class AddressIn(Strict):
    """Where the goods go."""

    name: Words = Field(description="Who receives it", examples=["Meena R"])
    phone: Phone = Field(description="Indian mobile number", examples=["+919876543210"])
    line1: Words = Field(description="House and street", examples=["12, North Masi Street"])
    line2: WordsOrNothing = Field(default="", description="Area or landmark", examples=["Near the temple"])
    city: Words = Field(description="Town", examples=["Madurai"])
    state_code: str = Field(pattern=r"^[0-9]{2}$", description="GST State code: place of supply", examples=["33"])
    pin: str = Field(pattern=r"^[1-9][0-9]{5}$", description="PIN code; must lie in that State", examples=["625001"])

    def address(self) -> Address:
        """As the service knows it."""
        return Address(**self.model_dump())


class AddressOut(BaseModel):
    """Where the goods went. Blank once it has been erased."""

    name: str = Field(description="Who receives it", examples=["Meena R"])
    phone: str = Field(description="Indian mobile number", examples=["+919876543210"])
    line1: str = Field(description="House and street", examples=["12, North Masi Street"])
    line2: str = Field(description="Area or landmark", examples=["Near the temple"])
    city: str = Field(description="Town", examples=["Madurai"])
    state_code: str = Field(description="GST State code: place of supply", examples=["33"])
    pin: str = Field(description="PIN code", examples=["625001"])


class Checkout(Strict):
    """Buy what is in the cart."""

    address: AddressIn = Field(description="Where the goods go")
    method: Method = Field(description="How it is paid; cod: cash on delivery", examples=["upi"])
    card_token: str | None = Field(
        default=None, pattern=r"^ctok[A-Za-z0-9]{1,36}$", description="Of a card, from its network: never a card's number",
        examples=["ctok01KAR4T0GQ8V6M2Z3XJY5N7P9B"],
    )  # fmt: skip
    bank: str | None = Field(default=None, pattern=r"^[A-Z]{4}$", description="For net banking", examples=["HDFC"])
    wallet: str | None = Field(default=None, pattern=r"^[a-z]{3,12}$", description="Which wallet", examples=["paytm"])
    city: City | None = Field(default=None, description="Whose prices: as in the cart", examples=["chennai"])

    def instrument(self) -> Instrument | None:
        """As payments knows it, None where the method says all."""
        given = Instrument(self.card_token, self.bank, self.wallet)
        return None if given == Instrument() else given


class Reason(Strict):
    """Why."""

    reason: Words = Field(description="In your words, or a code of yours", examples=["ordered by mistake"])


class ReturnIn(Strict):
    """What comes back, and why."""

    quantities: dict[Sku, Annotated[int, Field(ge=1, le=rules.MAX_PIECES)]] = Field(
        min_length=1,
        max_length=rules.MAX_LINES,
        description="Pieces by sku",
        examples=[{"RICE-SONA-5KG": 1}],
        json_schema_extra={"additionalProperties": False},
    )
    reason: Words = Field(description="Why", examples=["bag was torn"])


class CartLine(BaseModel):
    """An item in the cart at today's price."""

    sku: str = Field(description="The variant", examples=["RICE-SONA-5KG"])
    product_id: str = Field(description="The product", examples=["sona-masoori-rice"])
    names: dict[str, str] = Field(description="By language", examples=[NAMES])
    quantity: int = Field(description="Pieces", examples=[2])
    unit_price_paise: int = Field(description="GST included", examples=[42900])
    gst_rate_bp: int = Field(description="Basis points: 500 is 5 %", examples=[500])
    total_paise: int = Field(description="Price of all pieces", examples=[85800])


class CartOut(BaseModel):
    """The cart."""

    lines: list[CartLine] = Field(description="In the order in which they were put in")
    total_paise: int = Field(description="GST included", examples=[85800])

    @classmethod
    def of(cls, priced: list[PricedLine]) -> "CartOut":
        """From priced lines."""
        lines = [
            CartLine(sku=p.sku, product_id=p.product_id, names=p.names, quantity=p.quantity, unit_price_paise=p.unit_price,
                     gst_rate_bp=p.gst_rate_bp, total_paise=p.unit_price * p.quantity)
            for p in priced
        ]  # fmt: skip
        return cls(lines=lines, total_paise=sum(line.total_paise for line in lines))


class OrderLineOut(BaseModel):
    """A bought line."""

    sku: str = Field(description="The variant", examples=["RICE-SONA-5KG"])
    product_id: str = Field(description="The product", examples=["sona-masoori-rice"])
    names: dict[str, str] = Field(description="By language, as on the invoice", examples=[NAMES])
    seller_id: str = Field(description="Who sells it", examples=["kaveri-traders"])
    quantity: int = Field(description="Pieces bought", examples=[2])
    returned: int = Field(description="Pieces that came, or are coming, back", examples=[0])
    unit_price_paise: int = Field(description="Price of one piece when it was bought, GST included", examples=[42900])
    gst_rate_bp: int = Field(description="Basis points: 500 is 5 %", examples=[500])
    gross_paise: int = Field(description="Price of all pieces, GST included", examples=[85800])
    taxable_paise: int = Field(description="Of it, without GST", examples=[81714])
    tax_paise: int = Field(description="Of it, GST", examples=[4086])


class StepOut(BaseModel):
    """One line of the order's history."""

    state: OrderState = Field(description="The state it came to", examples=["awaiting_payment"])
    reason: str = Field(description="Why", examples=["payment_started"])
    actor: str = Field(description="Who or what moved it", examples=["checkout"])
    at: datetime = Field(description="When", examples=[WHEN])


class RefundOut(BaseModel):
    """Money on its way back to the payer."""

    id: str = Field(description="The refund", examples=[REFUND])
    amount_paise: int = Field(description="How much", examples=[42900])
    state: RefundState = Field(
        description="`pending`: the bank has been told; `processed`: it has arrived; `failed`: a person looks at it",
        examples=["pending"],
    )
    reason: str = Field(description="Why", examples=["bag was torn"])
    return_id: str | None = Field(description="For which return; null for a cancelled order", examples=[RETURN])
    begun: datetime = Field(description="When it began", examples=[WHEN])
    settled: datetime | None = Field(description="When it arrived or failed; null before", examples=[None])


class OrderOut(BaseModel):
    """An order."""

    id: str = Field(description="The order", examples=[ORDER])
    version: int = Field(description="Grows with each change; the `id` of an event in its stream", examples=[2])
    state: OrderState = Field(description="Where it is", examples=["awaiting_payment"])
    reason: str = Field(description="Why it is in this state", examples=["payment_started"])
    method: Method = Field(description="How it is paid; cod: cash on delivery", examples=["upi"])
    total_paise: int = Field(description="To pay, GST included", examples=[85800])
    refunded_paise: int = Field(description="What has reached you again", examples=[0])
    refunds: list[RefundOut] = Field(description="Money given back or on its way, oldest first")
    payment_id: str | None = Field(description="Null until the payment has begun", examples=[PAYMENT])
    intent_url: str | None = Field(
        description="Open this in a UPI app to pay", examples=["upi://pay?pa=mela@simbank&am=858.00"]
    )
    pay_before: datetime | None = Field(
        description="Until when it can be paid; null where there is nothing to pay now", examples=[WHEN]
    )
    address: AddressOut = Field(description="Where the goods go")
    lines: list[OrderLineOut] = Field(description="What was bought")
    history: list[StepOut] = Field(description="Oldest first")
    created: datetime = Field(description="When it was placed", examples=[WHEN])
    updated: datetime = Field(description="When it last moved", examples=[WHEN])

    @classmethod
    def of(cls, order: Order) -> "OrderOut":
        """From an order."""
        to_pay = order.state is OrderState.AWAITING_PAYMENT
        return cls(
            id=order.id, version=order.version, state=order.state, reason=order.reason, method=order.method,
            total_paise=order.total, refunded_paise=order.refunded, payment_id=order.payment_id,
            intent_url=order.intent_url if to_pay else None, pay_before=order.pay_before if to_pay else None,
            address=AddressOut(**vars(order.address)),
            lines=[
                OrderLineOut(sku=x.sku, product_id=x.product_id, names=x.names, seller_id=x.seller_id, quantity=x.quantity,
                             returned=x.returned, unit_price_paise=x.unit_price, gst_rate_bp=x.gst_rate_bp, gross_paise=x.gross,
                             taxable_paise=x.taxable, tax_paise=x.tax)
                for x in order.lines
            ],
            history=[StepOut(state=s.state, reason=s.reason, actor=s.actor, at=s.at) for s in order.history],
            refunds=[
                RefundOut(id=r.id, amount_paise=r.amount, state=r.state, reason=r.reason, return_id=r.return_id, begun=r.begun,
                          settled=r.settled)
                for r in order.refunds
            ],
            created=order.created, updated=order.updated,
        )  # fmt: skip


class OrderPage(Page[OrderOut]):
    """A page of orders, newest first."""


class ReturnOut(BaseModel):
    """A return."""

    id: str = Field(description="The return", examples=[RETURN])
    order_id: str = Field(description="Of which order", examples=[ORDER])
    state: ReturnState = Field(description="Where it is", examples=["requested"])
    reason: str = Field(description="Why", examples=["bag was torn"])
    quantities: dict[str, int] = Field(description="Pieces by sku", examples=[{"RICE-SONA-5KG": 1}])
    amount_paise: int = Field(description="What will be refunded", examples=[42900])
    refund_id: str | None = Field(description="Null until the pieces are back", examples=[REFUND])
    created: datetime = Field(description="When it was asked for", examples=[WHEN])

    @classmethod
    def of(cls, found: Return) -> "ReturnOut":
        """From a return."""
        return cls(id=found.id, order_id=found.order_id, state=found.state, reason=found.reason, quantities=found.quantities,
                   amount_paise=found.amount, refund_id=found.refund_id, created=found.created)  # fmt: skip


class ReturnPage(Page[ReturnOut]):
    """All returns of an order, oldest first."""


class InvoiceParty(BaseModel):
    """Seller or buyer on an invoice."""

    name: str = Field(description="Legal name", examples=["Kaveri Traders (sample)"])
    address: str = Field(description="Street and town", examples=["12, North Masi Street, Madurai"])
    pin: str = Field(description="PIN code", examples=["625001"])
    state_code: str = Field(description="GST State code", examples=["33"])
    gstin: str | None = Field(description="Null for a consumer", examples=["33AABCK1234F1Z5"])


class InvoiceLineOut(BaseModel):
    """A line of an invoice; either CGST and SGST, or IGST."""

    sku: str = Field(description="The variant", examples=["RICE-SONA-5KG"])
    names: dict[str, str] = Field(description="By language", examples=[NAMES])
    hsn: str = Field(description="The goods' code in GST's tariff", examples=["1006"])
    unit: str = Field(description="GST quantity code", examples=["KGS"])
    quantity: int = Field(description="Pieces", examples=[2])
    rate_bp: int = Field(description="GST in basis points: 500 is 5 %", examples=[500])
    gross_paise: int = Field(description="Price of all pieces, GST included", examples=[85800])
    taxable_paise: int = Field(description="Of it, without GST", examples=[81714])
    cgst_paise: int = Field(description="Central tax", examples=[2043])
    sgst_paise: int = Field(description="State tax", examples=[2043])
    igst_paise: int = Field(description="Integrated tax, between States", examples=[0])


class InvoiceOut(BaseModel):
    """A GST invoice's data (CGST Rules, rule 46)."""

    number: str = Field(description="Consecutive per seller GSTIN and financial year", examples=["KAV/2627/0000123"])
    kind: Literal["tax_invoice", "bill_of_supply"] = Field(
        description="A bill of supply where nothing on it is taxed", examples=["tax_invoice"]
    )
    issued_on: date = Field(description="Day in India", examples=["2026-11-23"])
    seller: InvoiceParty = Field(description="Who supplies")
    buyer: InvoiceParty = Field(description="Who gets it")
    place_of_supply: str = Field(description="State code", examples=["33"])
    reverse_charge: bool = Field(description="Whether the buyer owes the tax", examples=[False])
    lines: list[InvoiceLineOut] = Field(description="This seller's lines of the order")
    taxable_paise: int = Field(description="Sum of the lines", examples=[81714])
    cgst_paise: int = Field(description="Sum of the lines", examples=[2043])
    sgst_paise: int = Field(description="Sum of the lines", examples=[2043])
    igst_paise: int = Field(description="Sum of the lines", examples=[0])
    total_paise: int = Field(description="Sum of the lines, GST included", examples=[85800])

    @classmethod
    def of(cls, made: rules.Invoice) -> "InvoiceOut":
        """From an invoice."""
        seller, buyer = _parties(made)
        return cls(
            number=made.number, kind="tax_invoice" if made.kind == "tax_invoice" else "bill_of_supply", issued_on=made.issued_on,
            seller=seller, buyer=buyer,
            place_of_supply=made.place_of_supply, reverse_charge=made.reverse_charge,
            lines=_lines(made),
            taxable_paise=made.taxable, cgst_paise=made.cgst, sgst_paise=made.sgst, igst_paise=made.igst, total_paise=made.total,
        )  # fmt: skip


def _lines(made: rules.Invoice | rules.CreditNote) -> list[InvoiceLineOut]:
    return [
        InvoiceLineOut(sku=x.sku, names=x.names, hsn=x.hsn, unit=x.unit, quantity=x.quantity, rate_bp=x.rate_bp,
                       gross_paise=x.gross, taxable_paise=x.taxable, cgst_paise=x.cgst, sgst_paise=x.sgst, igst_paise=x.igst)
        for x in made.lines
    ]  # fmt: skip


def _parties(made: rules.Invoice | rules.CreditNote) -> tuple[InvoiceParty, InvoiceParty]:
    """Seller and buyer."""
    seller, buyer = made.seller, made.buyer
    street = ", ".join(part for part in (buyer.line1, buyer.line2, buyer.city) if part)
    return (
        InvoiceParty(
            name=seller.name, address=seller.address, pin=seller.pin, state_code=seller.state_code, gstin=seller.gstin
        ),
        InvoiceParty(name=buyer.name, address=street, pin=buyer.pin, state_code=buyer.state_code, gstin=None),
    )


class CreditNoteOut(BaseModel):
    """A GST credit note's data (CGST Act, s. 34): so much of an invoice is taken back."""

    number: str = Field(
        description="Consecutive per seller GSTIN and financial year, a series of its own",
        examples=["KAV/C2627/000012"],
    )
    issued_on: date = Field(description="Day in India", examples=["2026-11-25"])
    invoice_number: str = Field(description="The invoice that it corrects", examples=["KAV/2627/0000123"])
    invoice_issued_on: date = Field(description="The day of that invoice", examples=["2026-11-23"])
    reason: str = Field(description="Why", examples=["bag was torn"])
    refund_id: str | None = Field(
        description="The refund that goes with it; null where no money had come", examples=[REFUND]
    )
    seller: InvoiceParty = Field(description="Who supplied")
    buyer: InvoiceParty = Field(description="Who gives back")
    place_of_supply: str = Field(description="State code", examples=["33"])
    lines: list[InvoiceLineOut] = Field(description="What comes back")
    taxable_paise: int = Field(description="Sum of the lines", examples=[40857])
    cgst_paise: int = Field(description="Sum of the lines", examples=[1021])
    sgst_paise: int = Field(description="Sum of the lines", examples=[1022])
    igst_paise: int = Field(description="Sum of the lines", examples=[0])
    total_paise: int = Field(description="Sum of the lines, GST included", examples=[42900])

    @classmethod
    def of(cls, made: rules.CreditNote) -> "CreditNoteOut":
        """From a credit note."""
        seller, buyer = _parties(made)
        return cls(
            number=made.number, issued_on=made.issued_on, invoice_number=made.invoice_number, invoice_issued_on=made.invoice_issued_on,
            reason=made.reason, refund_id=made.refund_id, seller=seller, buyer=buyer, place_of_supply=made.place_of_supply,
            lines=_lines(made), taxable_paise=made.taxable, cgst_paise=made.cgst, sgst_paise=made.sgst, igst_paise=made.igst,
            total_paise=made.total,
        )  # fmt: skip


class CreditNotePage(Page[CreditNoteOut]):
    """All credit notes of an order."""


class InvoicePage(Page[InvoiceOut]):
    """All invoices of an order."""
