"""The catalogue over HTTP. Reading answers with ready bytes and an ETag; `response_model` documents their shape."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from mela.kernel import i18n, ids
from mela.kernel.money import Paise
from mela.kernel.web import bodies, pages
from mela.kernel.web.callers import Customer, Operator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.catalog import schemas
from mela.services.catalog.model import Sort
from mela.services.catalog.service.answers import Answer, is_known
from mela.services.catalog.service.catalog import CatalogService
from mela.services.catalog.service.shop import Asked, Shop

_HEADERS = {
    "ETag": {"description": "Send it in If-None-Match next time", "schema": {"type": "string"}},
    "Content-Language": {"description": "en, hi, ta, te or kn", "schema": {"type": "string"}},
}
READ: dict[int | str, dict[str, Any]] = {200: {"headers": _HEADERS}, 304: {"description": "You have it already"}}


def router(catalog: CatalogService, shop: Shop) -> APIRouter:
    """The routes of the catalogue."""
    api = bodies.router(prefix="/api/catalog")
    _reading(api, shop)
    _offers(api, shop)
    _delivering(api, shop)
    _reviewing(api, catalog)
    _changing(api, catalog)
    return api


def _reading(api: APIRouter, shop: Shop) -> None:
    @api.get(
        "/categories",
        tags=["catalog"],
        summary="The shelves of the shop",
        response_model=schemas.CategoryPage,
        responses=READ,
    )
    async def list_categories(request: Request, lang: schemas.Language = None) -> Response:
        """All categories, in the order of the shop."""
        return _answer(await shop.categories(_language(request, lang)), request)

    @api.get(
        "/products", tags=["catalog"], summary="Browse and search", response_model=schemas.ProductPage,
        responses=READ,
    )  # fmt: skip
    async def list_products(
        request: Request,
        asked: Annotated[Asked, Depends(_asked)],
        lang: schemas.Language = None,
    ) -> Response:
        """A page of products, each by its cheapest variant. With `q` those that the words lead to, best first: in five
        languages and in Latin letters, with typing errors, unfinished words and attributes (`आटा 5 kg`, `laal saree`)."""
        return _answer(await shop.products(asked, lang=_language(request, lang)), request)

    @api.get(
        "/products/{product_id}", tags=["catalog"], summary="One product", response_model=schemas.Product,
        responses=READ | refused({404: "catalog.unknown_product", 422: "catalog.gst_rate_unknown"}),
    )  # fmt: skip
    async def read_product(
        request: Request, product_id: schemas.ProductId, city: schemas.City = None, lang: schemas.Language = None,
    ) -> Response:  # fmt: skip
        """A product with its variants, today's prices and GST, and the stock of this moment."""
        return _answer(await shop.product(product_id, city=city, lang=_language(request, lang)), request)

    @api.get(
        "/suggest",
        tags=["catalog"],
        summary="Complete what is being typed",
        response_model=schemas.SuggestionPage,
        responses=READ,
    )
    async def suggest(request: Request, q: schemas.Typed, lang: schemas.Language = None) -> Response:
        """Names of products, in the language that was typed."""
        return _answer(await shop.suggestions(q, lang=_language(request, lang)), request)


def _offers(api: APIRouter, shop: Shop) -> None:
    @api.get(
        "/offers", tags=["catalog"], summary="What has become cheaper", response_model=schemas.OfferPage, responses=READ,
    )  # fmt: skip
    async def list_offers(
        request: Request, city: schemas.City = None, category: schemas.CategoryId = None,
        limit: Annotated[int, Query(ge=1, le=48, description="At most so many", examples=[12])] = 12,
        lang: schemas.Language = None,
    ) -> Response:  # fmt: skip
        """Lowered in the last 30 days and in stock, most first. `was_paise` is the lowest price of the 30 days before that."""
        made = await shop.offers(city=city, category=category, limit=limit, lang=_language(request, lang))
        return _answer(made, request)


def _delivering(api: APIRouter, shop: Shop) -> None:
    @api.get(
        "/delivery", tags=["catalog"], summary="When a parcel arrives, and whether cash is taken",
        responses=refused({404: "catalog.unknown_place"}),
    )  # fmt: skip
    async def promise_delivery(
        pin: Annotated[str | None, Query(pattern="^[1-9][0-9]{5}$", description="A PIN code", examples=["625001"])] = None,
        city: schemas.City = None,
    ) -> schemas.Delivery:  # fmt: skip
        """For a PIN code, else for a city by name (`/delivery/cities`). The numbers are this sample shop's own."""
        return schemas.Delivery.of(shop.promise(pin=pin, city=city))

    @api.get("/delivery/cities", tags=["catalog"], summary="Cities that are known by name")
    async def list_delivery_cities(request: Request, lang: schemas.Language = None) -> schemas.DeliveryPlacePage:
        """For choosing where to deliver, and for the State in an address."""
        language = _language(request, lang)
        return schemas.DeliveryPlacePage(items=[schemas.DeliveryPlace.of(place, language) for place in shop.places()])


def _reviewing(api: APIRouter, catalog: CatalogService) -> None:
    @api.get(
        "/products/{product_id}/reviews", tags=["catalog"], summary="What customers say of a product",
        responses=refused({404: "catalog.unknown_product"}),
    )  # fmt: skip
    async def list_reviews(
        product_id: schemas.ProductId, cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=50, description="Reviews on a page", examples=[10])] = 10,
    ) -> schemas.ReviewPage:  # fmt: skip
        """Newest first, with the sum of all."""
        if cursor is not None and not ids.is_id("rev", cursor):
            raise pages.bad_cursor()
        found, counts = await catalog.reviews(product_id, cursor, limit + 1)
        page, after = pages.cut(found, limit, lambda review: review.id)
        count = sum(counts.values())
        average = round(sum(stars * n for stars, n in counts.items()) / count, 1) if count else None
        stars = {str(each): counts.get(each, 0) for each in range(1, 6)}
        return schemas.ReviewPage.model_validate({
            "items": [schemas.ReviewOut.of(review) for review in page], "next_cursor": after, "count": count,
            "average": average, "stars": stars,
        })  # fmt: skip

    @api.post(
        "/products/{product_id}/reviews", tags=["catalog"], status_code=201, summary="Say what you think of a product",
        responses=refused({
            404: "catalog.unknown_product", 409: "catalog.reviewed_already", 429: "catalog.too_many_reviews",
        }),
    )  # fmt: skip
    async def write_review(
        request: Request, caller: Customer, key: Key, product_id: schemas.ProductId, body: schemas.ReviewIn,
        lang: schemas.Language = None,
    ) -> schemas.ReviewOut:  # fmt: skip
        """Once per product. Whoever bought it here is marked as verified, everybody else as not."""
        review = await catalog.review(
            product_id, customer_id=caller.id, key=key, rating=body.rating, text=body.text, name=body.name or "",
            language=_language(request, lang),
        )  # fmt: skip
        return schemas.ReviewOut.of(review)


def _changing(api: APIRouter, catalog: CatalogService) -> None:
    @api.put(
        "/variants/{sku}/price", tags=["on duty"], summary="Change a price",
        responses=refused({404: "catalog.unknown_sku", 422: "catalog.price_above_mrp catalog.gst_rate_unknown"}),
    )  # fmt: skip
    async def set_price(sku: schemas.Sku, operator: Operator, key: Key, new: schemas.NewPrice) -> schemas.Price:
        """The next read of every process shows it."""
        now = await catalog.set_price(
            operator=operator.id, key=key, sku=sku, city=new.city, price=Paise(new.price_paise),
            mrp=None if new.mrp_paise is None else Paise(new.mrp_paise),
        )  # fmt: skip
        return schemas.Price(sku=sku, city=new.city, price_paise=now.price, mrp_paise=now.mrp)

    @api.post(
        "/variants/{sku}/stock", tags=["on duty"], summary="Receive goods",
        responses=refused({404: "catalog.unknown_sku"}),
    )  # fmt: skip
    async def receive_stock(
        sku: schemas.Sku, operator: Operator, key: Key, received: schemas.Received
    ) -> schemas.StockLevel:
        """Pieces have come in. Repeated with the same key, they are counted once."""
        level = await catalog.receive_stock(operator=operator.id, key=key, sku=sku, quantity=received.quantity)
        return schemas.StockLevel(sku=sku, on_hand=level.on_hand, reserved=level.reserved, free=level.free)


async def _asked(
    category: schemas.CategoryId = None, q: schemas.Text = None, city: schemas.City = None,
    sort: Annotated[Sort | None, Query(description="Left out: by relevance with `q`, as the shop is arranged without")] = None,
    min_price_paise: schemas.AtLeast = None, max_price_paise: schemas.AtMost = None,
    *, limit: schemas.Limit = 24, cursor: pages.Cursor = None,
) -> Asked:  # fmt: skip
    return Asked(category, q, city, sort, min_price_paise, max_price_paise, limit, cursor)


def _language(request: Request, lang: str | None) -> str:
    return lang or i18n.negotiate(request.headers.get("accept-language"))


def _answer(answer: Answer, request: Request) -> Response:
    headers = {
        "etag": answer.etag, "cache-control": "no-cache", "vary": "accept-language", "content-language": answer.language,
    }  # fmt: skip
    if is_known(answer, request.headers.get("if-none-match")):
        return Response(status_code=304, headers=headers)
    return Response(answer.body, headers=headers, media_type="application/json")
