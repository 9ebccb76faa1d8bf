"""What an order is."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mela.contracts.payments import Instrument, Method
from mela.kernel.money import Paise


class OrderState(StrEnum):
    """How far an order is."""

    PLACED = "placed"
    AWAITING_PAYMENT = "awaiting_payment"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class RefundState(StrEnum):
    """How far money on its way back is."""

    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"


class ReturnState(StrEnum):
    """How far a return is."""

    REQUESTED = "requested"
    RECEIVED = "received"
    REFUNDED = "refunded"


@dataclass(frozen=True)
class Address:
    """Where the goods go; its State is the place of supply (IGST Act s. 10)."""

    name: str
    phone: str
    line1: str
    line2: str
    city: str
    state_code: str
    pin: str


@dataclass(frozen=True)
class OrderLine:
    """A bought line. `gross` = `unit_price` × `quantity` = `taxable` + `tax`; `returned` pieces have come back."""

    sku: str
    product_id: str
    names: dict[str, str]
    category: str
    seller_id: str
    hsn: str
    unit: str
    gst_rate_bp: int
    unit_price: Paise
    quantity: int
    gross: Paise
    taxable: Paise
    tax: Paise
    returned: int = 0


@dataclass(frozen=True)
class Step:
    """One line of an order's history."""

    state: OrderState
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class OrderRefund:
    """Money on its way back to the payer. `return_id`: for which return, None for a cancellation or money that came too late."""

    id: str
    amount: Paise
    state: RefundState
    reason: str
    return_id: str | None
    begun: datetime
    settled: datetime | None = None


@dataclass(frozen=True)
class Order:
    """An order with its lines. `refunded` is what has reached the payer again; `version` grows with each change.

    `device`: mark of the browser that bought. `erased`: since when its person is unknown.
    """

    id: str
    customer_id: str
    state: OrderState
    reason: str
    method: Method
    city: str | None
    address: Address
    total: Paise
    refunded: Paise
    payment_id: str | None
    intent_url: str | None
    created: datetime
    updated: datetime
    pay_before: datetime | None = None
    version: int = 1
    lines: tuple[OrderLine, ...] = ()
    history: tuple[Step, ...] = field(default=())
    refunds: tuple[OrderRefund, ...] = ()
    device: str | None = None
    instrument: Instrument = field(default_factory=Instrument)
    erased: datetime | None = None


@dataclass(frozen=True)
class Return:
    """Goods on their way back: sku to pieces, and what they cost."""

    id: str
    order_id: str
    state: ReturnState
    reason: str
    quantities: dict[str, int]
    amount: Paise
    refund_id: str | None
    created: datetime
