"""Orders: what was bought, by whom, and how far it is."""

from dataclasses import dataclass
from datetime import datetime

from mela.kernel.messages import event
from mela.kernel.money import Paise


@dataclass(frozen=True)
class SoldLine:
    """A line as sellers are paid for it. `gross` includes GST; `taxable` + `tax` = `gross`; `category` sets the commission."""

    sku: str
    seller_id: str
    category: str
    quantity: int
    gross: Paise
    taxable: Paise
    tax: Paise


@event("orders.sold", key="order_id")
@dataclass(frozen=True)
class OrderSold:
    """Paid for and promised: from now on its sellers have money coming. Cash orders: when the cash was handed over."""

    order_id: str
    payment_id: str
    lines: list[SoldLine]
    at: datetime


@event("orders.unsold", key="order_id")
@dataclass(frozen=True)
class OrderUnsold:
    """Money of a sold order went back for these lines: cancelled or returned. Sellers owe their share."""

    order_id: str
    refund_id: str
    lines: list[SoldLine]
    at: datetime
