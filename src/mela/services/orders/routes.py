"""The HTTP API of orders."""

import asyncio
from contextlib import AbstractContextManager
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response

from mela.kernel import i18n, ids
from mela.kernel.web import bodies, cookies, pages, streams
from mela.kernel.web.callers import Customer, Operator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.orders import rules, schemas
from mela.services.orders.model import OrderState
from mela.services.orders.service import Orders

OrderId = Annotated[str, Path(pattern=r"^ord_[0-9A-Z]{26}$", description="The order", examples=[schemas.ORDER])]
ReturnId = Annotated[str, Path(pattern=r"^ret_[0-9A-Z]{26}$", description="The return", examples=[schemas.RETURN])]
Sku = Annotated[schemas.Sku, Path(description="What to buy", examples=["RICE-SONA-5KG"])]
Seen = Annotated[
    str | None,
    Header(max_length=15, pattern="^[0-9]*$", description="What a browser sends when it comes again", examples=["2"]),
]
Number = Annotated[
    str,
    Query(max_length=16, pattern="^[A-Z0-9/]+$", description="Its number", examples=["KAV/2627/0000123"]),
]
Lang = Annotated[
    str | None, Query(description="Wins over Accept-Language", pattern="^(en|hi|ta|te|kn)$", examples=["hi"])
]
_PDF: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The paper",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"model": schemas.OrderOut, "description": "Events `order`; this is the `data` of each"},
    204: {"description": "Nothing more will come"},
}
City = Annotated[
    schemas.City | None, Query(description="Whose prices; elsewhere the general price", examples=["chennai"])
]


def router(orders: Orders) -> APIRouter:
    """All routes of orders."""
    api = bodies.router(prefix="/api/orders")
    _cart(api, orders)
    _buying(api, orders)
    _papers(api, orders)
    _returning(api, orders)
    _on_duty(api, orders)
    return api


def _cart(api: APIRouter, orders: Orders) -> None:
    @api.get(
        "/cart", tags=["cart"], summary="What is in the cart, at today's prices",
        responses=refused({404: "catalog.unknown_sku", 422: "catalog.gst_rate_unknown"}),
    )  # fmt: skip
    async def see_cart(caller: Customer, city: City = None) -> schemas.CartOut:
        """Prices are today's, and may be others when you buy."""
        return schemas.CartOut.of(await orders.cart(caller.id, city))

    @api.put(
        "/cart/items/{sku}", tags=["cart"], summary="Have so many pieces of an item in the cart",
        responses=refused({404: "catalog.unknown_sku", 422: "orders.cart_full catalog.gst_rate_unknown"}),
    )  # fmt: skip
    async def put_in_cart(caller: Customer, sku: Sku, body: schemas.Quantity, city: City = None) -> schemas.CartOut:
        """Repeating it changes nothing more."""
        return schemas.CartOut.of(await orders.put_in_cart(caller.id, sku, body.quantity, city))


def _buying(api: APIRouter, orders: Orders) -> None:
    @api.post(
        "/orders", tags=["orders"], status_code=201, summary="Buy what is in the cart",
        responses=refused({
            404: "catalog.unknown_sku", 409: "catalog.out_of_stock orders.cart_changed",
            422: "orders.empty_cart orders.wrong_pin catalog.gst_rate_unknown payments.bad_instrument kernel.card_number",
            503: "payments.bank_down",
        }),
    )  # fmt: skip
    async def check_out(request: Request, caller: Customer, key: Key, body: schemas.Checkout) -> schemas.OrderOut:
        """Holds the stock and begins the payment. Open `intent_url`, in a UPI app or as a page, then follow the order.

        The same Idempotency-Key again returns the same order as it is now.
        """
        order = await orders.checkout(
            customer_id=caller.id, key=key, address=body.address.address(), method=body.method, city=body.city,
            device=cookies.device(request), instrument=body.instrument(),
        )  # fmt: skip
        return schemas.OrderOut.of(order)

    @api.get("/orders", tags=["orders"], summary="My orders, newest first")
    async def list_orders(
        caller: Customer,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=50, description="Orders on a page", examples=[20])] = 20,
    ) -> schemas.OrderPage:
        """Each with its lines and history."""
        if cursor is not None and not ids.is_id("ord", cursor):
            raise pages.bad_cursor()
        found, after = pages.cut(await orders.page(caller.id, cursor, limit + 1), limit, lambda order: order.id)
        return schemas.OrderPage(items=[schemas.OrderOut.of(order) for order in found], next_cursor=after)

    @api.get(
        "/orders/{order_id}", tags=["orders"], summary="An order and its history",
        responses=refused({404: "orders.unknown_order"}),
    )  # fmt: skip
    async def get_order(
        caller: Customer, request: Request, order_id: OrderId,
        seen: Annotated[OrderState | None, Query(description="With `wait_s`: answer once the state is another than this")] = None,
        wait_s: Annotated[float, Query(ge=0, le=10, description="Hold the answer for at most so many seconds")] = 0,
    ) -> schemas.OrderOut:  # fmt: skip
        """To follow an order without asking again and again: `?seen=awaiting_payment&wait_s=10`."""
        if seen is None:
            return schemas.OrderOut.of(await orders.find(order_id, caller.id))
        streams.waits_on_purpose(request.scope)
        return schemas.OrderOut.of(await orders.follow(order_id, caller.id, seen, wait_s))

    @api.get(
        "/orders/{order_id}/stream", tags=["orders"], summary="Follow an order live (server-sent events)",
        status_code=200, response_class=streams.EventStream, response_model=None,
        responses=_STREAM | refused({404: "orders.unknown_order"}),
    )  # fmt: skip
    async def follow_order(caller: Customer, order_id: OrderId, last_event_id: Seen = None) -> Response:
        """Events `order`: `data` is the order as `GET` gives it, `id` its version. The first comes at once, unless it is the
        one you have already. The stream ends when nothing more can happen; who comes again then is told so with 204.
        """
        order = await orders.find(order_id, caller.id)
        seen = int(last_event_id or 0)
        if rules.is_over(order) and order.version <= seen:
            return Response(status_code=204)
        return streams.EventStream(_OrderSource(orders, order_id, caller.id, seen))

    @api.post(
        "/orders/{order_id}/cancel", tags=["orders"], summary="Cancel an order that has not left; money goes back",
        responses=refused({404: "orders.unknown_order", 409: "orders.cannot_change"}),
    )  # fmt: skip
    async def cancel_order(caller: Customer, order_id: OrderId, body: schemas.Reason) -> schemas.OrderOut:
        """Cancelled already: nothing happens."""
        order = await orders.cancel(order_id, customer_id=caller.id, reason=body.reason, actor="customer")
        return schemas.OrderOut.of(order)


def _papers(api: APIRouter, orders: Orders) -> None:
    @api.get(
        "/orders/{order_id}/invoices", tags=["orders"], summary="The GST invoices of an order, one per seller",
        responses=refused({404: "orders.unknown_order"}),
    )  # fmt: skip
    async def get_invoices(caller: Customer, order_id: OrderId) -> schemas.InvoicePage:
        """None until the order is confirmed."""
        found = await orders.invoices(order_id, caller.id)
        return schemas.InvoicePage(items=[schemas.InvoiceOut.of(made) for made in found])

    @api.get(
        "/orders/{order_id}/credit-notes", tags=["orders"], summary="The GST credit notes of an order",
        responses=refused({404: "orders.unknown_order"}),
    )  # fmt: skip
    async def get_credit_notes(caller: Customer, order_id: OrderId) -> schemas.CreditNotePage:
        """One per seller for each cancellation or return of what was invoiced: it takes back so much of the invoice."""
        found = await orders.credit_notes(order_id, caller.id)
        return schemas.CreditNotePage(items=[schemas.CreditNoteOut.of(made) for made in found])

    @api.get(
        "/orders/{order_id}/papers.pdf", tags=["orders"], summary="An invoice or a credit note as PDF",
        response_class=Response, response_model=None, status_code=200,
        responses=_PDF | refused({404: "orders.unknown_order orders.unknown_paper"}),
    )  # fmt: skip
    async def get_paper(
        caller: Customer, request: Request, order_id: OrderId, number: Number, lang: Lang = None
    ) -> Response:
        """In any of the five languages; the same paper in the same language has the same bytes."""
        language = lang or i18n.negotiate(request.headers.get("accept-language"))
        made = await orders.paper(order_id, caller.id, number, language)
        name = f"{number.replace('/', '-')}-{language}.pdf"
        headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "private, no-cache",
                   "content-language": language, "vary": "accept-language, cookie"}  # fmt: skip
        return Response(made, headers=headers, media_type="application/pdf")


def _returning(api: APIRouter, orders: Orders) -> None:
    @api.post(
        "/orders/{order_id}/returns", tags=["returns"], status_code=201, summary="Send pieces back",
        responses=refused({
            404: "orders.unknown_order",
            422: "orders.not_delivered orders.return_too_late orders.cannot_return",
        }),
    )  # fmt: skip
    async def ask_return(caller: Customer, key: Key, order_id: OrderId, body: schemas.ReturnIn) -> schemas.ReturnOut:
        """The money comes once they are back."""
        found = await orders.ask_return(order_id, body.quantities, body.reason, customer_id=caller.id, key=key)
        return schemas.ReturnOut.of(found)

    @api.get(
        "/orders/{order_id}/returns", tags=["returns"], summary="The returns of an order",
        responses=refused({404: "orders.unknown_order"}),
    )  # fmt: skip
    async def list_returns(caller: Customer, order_id: OrderId) -> schemas.ReturnPage:
        """What came back, and what is on its way."""
        found = await orders.returns(order_id, caller.id)
        return schemas.ReturnPage(items=[schemas.ReturnOut.of(each) for each in found])


def _on_duty(api: APIRouter, orders: Orders) -> None:
    moved = refused({404: "orders.unknown_order", 409: "orders.cannot_change"})

    @api.post("/orders/{order_id}/ship", tags=["on duty"], summary="The parcel has left", responses=moved)
    async def ship_order(caller: Operator, order_id: OrderId) -> schemas.OrderOut:
        """From now on the customer cannot cancel."""
        return schemas.OrderOut.of(await orders.ship(order_id, caller.id))

    @api.post(
        "/orders/{order_id}/deliver", tags=["on duty"], summary="The parcel is delivered; its cash, if any, collected",
        responses=moved,
    )  # fmt: skip
    async def deliver_order(caller: Operator, order_id: OrderId) -> schemas.OrderOut:
        """From now on pieces can be sent back."""
        return schemas.OrderOut.of(await orders.deliver(order_id, caller.id))

    @api.post(
        "/returns/{return_id}/received", tags=["on duty"], summary="Returned pieces are back: refund them",
        responses=refused({404: "orders.unknown_return"}),
    )  # fmt: skip
    async def receive_return(_caller: Operator, return_id: ReturnId) -> schemas.ReturnOut:
        """Repeating it refunds nothing more."""
        return schemas.ReturnOut.of(await orders.receive_return(return_id))


class _OrderSource:
    """A customer's order, told whenever its version is above the last one told."""

    def __init__(self, orders: Orders, order_id: str, customer_id: str, seen: int) -> None:
        self._orders, self._order_id, self._customer_id, self._seen = orders, order_id, customer_id, seen

    def listen(self, wake: asyncio.Event) -> AbstractContextManager[None]:
        """See `streams.Source`."""
        return self._orders.changes(self._order_id, wake)

    async def look(self) -> tuple[list[streams.Event], bool]:
        """See `streams.Source`. Raises: UnknownOrder."""
        order = await self._orders.find(self._order_id, self._customer_id)
        if order.version <= self._seen:
            return [], rules.is_over(order)
        self._seen = order.version
        data = schemas.OrderOut.of(order).model_dump_json().encode()
        return [streams.Event("order", str(order.version), data)], rules.is_over(order)
