"""A bare Starlette handler under the same server: what the house adds is measured against it."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def product(_request: Request) -> Response:
    """About as many bytes as a product."""
    return JSONResponse(
        {"id": "x", "names": {"en": "a" * 60, "hi": "b" * 60}, "variants": [{"sku": "s", "price_paise": 1}] * 3}
    )


app = Starlette(routes=[Route("/product", product), Route("/readyz", lambda _: Response())])
