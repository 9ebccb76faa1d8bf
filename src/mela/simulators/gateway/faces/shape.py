"""What faces share: a router that refuses in the provider's words, strict bodies, amounts in rupees."""

import re
from collections.abc import Callable, Coroutine, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import Row

from mela.kernel import tables
from mela.kernel.errors import MelaError, NotFound, Retryable
from mela.kernel.web import bodies

M = TypeVar("M", bound=BaseModel)
Refusal = Callable[[int, str], tuple[int, object]]
"""HTTP status and code of ours -> status and body as the provider has them."""
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)
_REASONS = Path(__file__).parent.parent / "data" / "reasons.yaml"


def router(prefix: str, refusal: Refusal) -> APIRouter:
    """A router that is not in our API's document: the provider's own describes it."""

    class Shaped(APIRoute):
        """Refuses as the provider does. What is dropped stays a 503 of nobody in particular."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def in_its_words(request: Request) -> Response:
                try:
                    return await handle(request)
                except Retryable:
                    raise
                except MelaError as error:
                    status, body = refusal(error.status, error.of)
                except (ValueError, KeyError, RecursionError) as error:
                    status, body = refusal(400, str(error).split("\n", maxsplit=1)[0][:200])
                return JSONResponse(body, status)

            return in_its_words

    return APIRouter(prefix=prefix, route_class=Shaped, include_in_schema=False)


async def body(request: Request, of: type[M]) -> M:
    """The request's JSON. Raises: ValueError, RecursionError."""
    return of.model_validate(bodies.parse(await request.body()))


def json_bytes(value: object) -> bytes:
    """Compact JSON."""
    return orjson.dumps(value)


def must_be(expected: object, given: object, what: str) -> None:
    """Raises: ValueError where they differ."""
    if expected != given:
        raise ValueError(f"{what} differs")


def core(name: str, prefix: str = "") -> str:
    """The id behind a provider's name for it. Raises: NotFound."""
    found = name.removeprefix(prefix)
    if not re.fullmatch(r"[A-Za-z0-9]{1,40}", found, re.ASCII):
        raise NotFound("kernel.not_found")
    return found


def payable(amount: int) -> int:
    """At least a rupee. Raises: ValueError."""
    if not 100 <= amount <= 10**12:
        raise ValueError("amount")
    return amount


def rupees(amount: int) -> str:
    """`129.50`."""
    return f"{amount // 100}.{amount % 100:02}"


def paise(text: str) -> int:
    """`129.5` or `129.50`. Raises: ValueError for anything finer or odder."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("amount")
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def kept(row: Row[Any]) -> Mapping[str, Any]:
    """The entities of a kept callback, by name."""
    payload: Mapping[str, Any] = orjson.loads(row.body)["payload"]
    return payload


def told(row: Row[Any]) -> tuple[str, Mapping[str, Any], Mapping[str, Any] | None]:
    """What a kept callback is about: the event, the payment, the refund."""
    kept = orjson.loads(row.body)
    payload = kept["payload"]
    return kept["event"], payload["payment"]["entity"], payload.get("refund", {}).get("entity")


def reason(provider: str, code: str | None) -> str | None:
    """A provider's word for an NPCI code, None where nothing failed."""
    words = _reasons()[provider]
    return None if code is None else str(words.get(code, words["other"]))


@cache
def _reasons() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = tables.read(_REASONS)["reasons"]
    return found
