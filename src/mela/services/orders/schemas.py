"""What the API of orders takes and gives."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mela.contracts.catalog import PricedLine
from mela.services.orders import rules
from mela.services.orders.model import Address, Order, OrderState, Return, ReturnState

City = Literal["mumbai", "delhi", "bengaluru", "chennai"]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Z0-9-]+$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class Strict(BaseModel):
    """Input: an unknown field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")


class Quantity(Strict):
    """How many pieces should be in the cart."""

    quantity: int = Field(ge=0, le=rules.MAX_PIECES, description="0 takes the item out", examples=[2])


class AddressIn(Strict):
    """Where the goods go."""

    name: Words = Field(description="Who receives it", examples=["Meena R"])
    phone: str = Field(pattern=r"^\+91[6-9][0-9]{9}$", description="Indian mobile number", examples=["+919876543210"])
    line1: Words = Field(description="House and street", examples=["12, North Masi Street"])
    line2: str = Field(default="", max_length=120, description="Area or landmark", examples=["Near the temple"])
    city: Words = Field(description="Town", examples=["Madurai"])
    state_code: str = Field(pattern=r"^[0-9]{2}$", description="GST State code: place of supply", examples=["33"])
    pin: str = Field(pattern=r"^[1-9][0-9]{5}$", description="PIN code; must lie in that State", examples=["625001"])

    def address(self) -> Address:
        """As the service knows it."""
        return Address(**self.model_dump())


class Checkout(Strict):
    """Buy what is in the cart."""

    address: AddressIn
    method: Literal["upi", "cod"] = Field(description="UPI, or cash on delivery", examples=["upi"])
    city: City | None = Field(default=None, description="Whose prices: as in the cart", examples=["chennai"])


class Reason(Strict):
    """Why."""

    reason: Words = Field(description="In your words, or a code of yours", examples=["ordered by mistake"])


class ReturnIn(Strict):
    """What comes back, and why."""

    quantities: dict[Sku, Annotated[int, Field(ge=1, le=rules.MAX_PIECES)]] = Field(
        min_length=1, max_length=rules.MAX_LINES, description="Pieces by sku", examples=[{"RICE-SONA-5KG": 1}]
    )
    reason: Words = Field(examples=["bag was torn"])


class CartLine(BaseModel):
    """An item in the cart at today's price."""

    sku: str = Field(examples=["RICE-SONA-5KG"])
    product_id: str = Field(examples=["sona-masoori-rice"])
    names: dict[str, str] = Field(description="By language")
    quantity: int = Field(examples=[2])
    unit_price_paise: int = Field(description="GST included", examples=[42900])
    gst_rate_bp: int = Field(description="Basis points: 500 is 5 %", examples=[500])
    total_paise: int = Field(examples=[85800])


class CartOut(BaseModel):
    """The cart."""

    lines: list[CartLine]
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

    sku: str
    product_id: str
    names: dict[str, str]
    seller_id: str
    quantity: int
    returned: int = Field(description="Pieces that came, or are coming, back")
    unit_price_paise: int
    gst_rate_bp: int
    gross_paise: int
    taxable_paise: int
    tax_paise: int


class StepOut(BaseModel):
    """One line of the order's history."""

    state: OrderState
    reason: str = Field(examples=["payment_started"])
    actor: str = Field(examples=["checkout"])
    at: datetime


class OrderOut(BaseModel):
    """An order."""

    id: str = Field(examples=["ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    state: OrderState
    reason: str = Field(description="Why it is in this state", examples=["payment_started"])
    method: Literal["upi", "cod"]
    total_paise: int
    refunded_paise: int
    payment_id: str | None
    intent_url: str | None = Field(
        description="Open this in a UPI app to pay", examples=["upi://pay?pa=mela@simbank&am=858.00"]
    )
    address: AddressIn
    lines: list[OrderLineOut]
    history: list[StepOut]
    created: datetime
    updated: datetime

    @classmethod
    def of(cls, order: Order) -> "OrderOut":
        """From an order."""
        return cls(
            id=order.id, state=order.state, reason=order.reason, method=order.method, total_paise=order.total,
            refunded_paise=order.refunded, payment_id=order.payment_id,
            intent_url=order.intent_url if order.state is OrderState.AWAITING_PAYMENT else None,
            address=AddressIn.model_construct(**vars(order.address)),
            lines=[
                OrderLineOut(sku=x.sku, product_id=x.product_id, names=x.names, seller_id=x.seller_id, quantity=x.quantity,
                             returned=x.returned, unit_price_paise=x.unit_price, gst_rate_bp=x.gst_rate_bp, gross_paise=x.gross,
                             taxable_paise=x.taxable, tax_paise=x.tax)
                for x in order.lines
            ],
            history=[StepOut(state=s.state, reason=s.reason, actor=s.actor, at=s.at) for s in order.history],
            created=order.created, updated=order.updated,
        )  # fmt: skip


class OrderPage(BaseModel):
    """A page of orders, newest first."""

    orders: list[OrderOut]
    next_cursor: str | None = Field(description="Pass it back as `cursor` for the next page")


class ReturnOut(BaseModel):
    """A return."""

    id: str = Field(examples=["ret_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    order_id: str
    state: ReturnState
    reason: str
    quantities: dict[str, int]
    amount_paise: int = Field(description="What will be refunded")
    refund_id: str | None
    created: datetime

    @classmethod
    def of(cls, found: Return) -> "ReturnOut":
        """From a return."""
        return cls(id=found.id, order_id=found.order_id, state=found.state, reason=found.reason, quantities=found.quantities,
                   amount_paise=found.amount, refund_id=found.refund_id, created=found.created)  # fmt: skip


class InvoiceParty(BaseModel):
    """Seller or buyer on an invoice."""

    name: str
    address: str
    pin: str
    state_code: str
    gstin: str | None = Field(description="None for a consumer")


class InvoiceLineOut(BaseModel):
    """A line of an invoice; either CGST and SGST, or IGST."""

    sku: str
    names: dict[str, str]
    hsn: str = Field(examples=["1006"])
    unit: str = Field(description="GST quantity code", examples=["KGS"])
    quantity: int
    rate_bp: int
    gross_paise: int
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int


class InvoiceOut(BaseModel):
    """A GST invoice's data (CGST Rules, rule 46)."""

    number: str = Field(description="Consecutive per seller GSTIN and financial year", examples=["KAV/2627/0000123"])
    kind: Literal["tax_invoice", "bill_of_supply"]
    issued_on: date
    seller: InvoiceParty
    buyer: InvoiceParty
    place_of_supply: str = Field(description="State code", examples=["33"])
    reverse_charge: bool
    lines: list[InvoiceLineOut]
    taxable_paise: int
    cgst_paise: int
    sgst_paise: int
    igst_paise: int
    total_paise: int

    @classmethod
    def of(cls, made: rules.Invoice) -> "InvoiceOut":
        """From an invoice."""
        seller, buyer = made.seller, made.buyer
        street = ", ".join(part for part in (buyer.line1, buyer.line2, buyer.city) if part)
        return cls(
            number=made.number, kind="tax_invoice" if made.kind == "tax_invoice" else "bill_of_supply", issued_on=made.issued_on,
            seller=InvoiceParty(name=seller.name, address=seller.address, pin=seller.pin, state_code=seller.state_code, gstin=seller.gstin),
            buyer=InvoiceParty(name=buyer.name, address=street, pin=buyer.pin, state_code=buyer.state_code, gstin=None),
            place_of_supply=made.place_of_supply, reverse_charge=made.reverse_charge,
            lines=[
                InvoiceLineOut(sku=x.sku, names=x.names, hsn=x.hsn, unit=x.unit, quantity=x.quantity, rate_bp=x.rate_bp,
                               gross_paise=x.gross, taxable_paise=x.taxable, cgst_paise=x.cgst, sgst_paise=x.sgst, igst_paise=x.igst)
                for x in made.lines
            ],
            taxable_paise=made.taxable, cgst_paise=made.cgst, sgst_paise=made.sgst, igst_paise=made.igst, total_paise=made.total,
        )  # fmt: skip
