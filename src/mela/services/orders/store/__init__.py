"""Every query of orders. What is named here are the units of work.

`orders` cart, checkout and an order's life · `returns` goods and money that go back · `papers` invoices and credit notes ·
`rows` an order's row, below the units.
"""

from mela.services.orders.store.erasure import last_erasure, let_go, note_erasures
from mela.services.orders.store.orders import (
    CartChanged,
    CartFull,
    await_payment,
    begin,
    cancel,
    cancelled,
    cart,
    cash_collected,
    change,
    confirm,
    give_up,
    page,
    payment_ready,
    place,
    put_in_cart,
    stuck,
    versions,
)
from mela.services.orders.store.papers import credit_notes_of, credit_serials_of, invoices_of, serials_of
from mela.services.orders.store.returns import (
    UnknownReturn,
    ask_return,
    get_return,
    refund_begun,
    refund_failed,
    refund_retried,
    refunded,
    return_refunding,
    returns_of,
)
from mela.services.orders.store.rows import PERSONAL, UnknownOrder, get

__all__ = [
    "PERSONAL",
    "CartChanged",
    "CartFull",
    "UnknownOrder",
    "UnknownReturn",
    "ask_return",
    "await_payment",
    "begin",
    "cancel",
    "cancelled",
    "cart",
    "cash_collected",
    "change",
    "confirm",
    "credit_notes_of",
    "credit_serials_of",
    "get",
    "get_return",
    "give_up",
    "invoices_of",
    "last_erasure",
    "let_go",
    "note_erasures",
    "page",
    "payment_ready",
    "place",
    "put_in_cart",
    "refund_begun",
    "refund_failed",
    "refund_retried",
    "refunded",
    "return_refunding",
    "returns_of",
    "serials_of",
    "stuck",
    "versions",
]
