"""Errors as problem+json: what is wrong, why, and what to do, in the caller's language.

Source: RFC 9457, https://www.rfc-editor.org/rfc/rfc9457 (2026-11-23).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mela.kernel import errors, i18n
from mela.kernel.errors import Invalid, MelaError


class FieldProblem(BaseModel):
    """One place in the request that is wrong."""

    field: str = Field(description="Where: a path such as `body.address.pin`", examples=["body.address.pin"])
    reason: str = Field(description="What is wrong there", examples=["String should match pattern '^[1-9][0-9]{5}$'"])


class Problem(BaseModel):
    """Every error of this API has this shape (RFC 9457, `application/problem+json`)."""

    type: str = Field(description="The code as a URI", examples=["urn:mela:error:catalog.out_of_stock"])
    code: str = Field(description="Stable, dotted: what a program looks at", examples=["catalog.out_of_stock"])
    title: str = Field(description="What happened, in the caller's language", examples=["Only 1 of this item is left."])
    detail: str = Field(description="What to do now, in the caller's language", examples=["Choose a smaller quantity."])
    status: int = Field(description="The HTTP status", examples=[409])
    params: dict[str, Any] = Field(description="The values in the text", examples=[{"sku": "RICE-SONA-5KG", "left": 1}])
    fields: list[FieldProblem] = Field(default=[], description="For `kernel.invalid`: each wrong place")
    request_id: str = Field(description="Name it when you ask for help", examples=["req_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])


@dataclass(frozen=True)
class _Known:
    """Our code for a status of Starlette's, and what its text needs."""

    code: str
    params: Callable[[Request, HTTPException], dict[str, Any]] = lambda _request, _error: {}

    def error(self, request: Request, error: HTTPException) -> MelaError:
        return MelaError(self.code, **self.params(request, error))


_BY_STATUS = {
    401: _Known("kernel.unauthenticated"),
    403: _Known("kernel.forbidden", lambda _r, _e: {"need": ""}),
    404: _Known("kernel.not_found"),
    405: _Known("kernel.method_not_allowed", lambda _r, e: {"allow": (e.headers or {}).get("Allow", "")}),
    406: _Known("kernel.not_acceptable"),
    413: _Known("kernel.body_too_large", lambda r, _e: {"limit": r.app.state.body_bytes}),
    415: _Known("kernel.unsupported_media_type"),
    503: _Known("kernel.unavailable", lambda _r, _e: {"seconds": 1}),
}


def response(request: Request, error: MelaError) -> Response:
    """An error as its answer."""
    messages: i18n.Messages = request.app.state.messages
    language = i18n.negotiate(request.headers.get("accept-language"))
    request_id = request.scope.get("mela.request_id", "")
    params = {"request_id": request_id, **error.params}
    body: dict[str, Any] = {
        "type": f"urn:mela:error:{error.of}",
        "code": error.of,
        "title": _text(messages, f"errors.{error.of}.reason", language, params),
        "detail": _text(messages, f"errors.{error.of}.fix", language, params),
        "status": error.status,
        "params": error.params,
        "request_id": request_id,
    }
    if isinstance(error, Invalid):
        body["fields"] = error.fields
    headers = {"content-language": language, "vary": "accept-language"}
    if isinstance(error, (errors.Retryable, errors.TooMany)):
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, errors.Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if allow := error.params.get("allow"):
        headers["allow"] = str(allow)
    return Response(orjson.dumps(body, default=str), error.status, headers, "application/problem+json")


async def on_mela_error(request: Request, error: Exception) -> Response:
    """Exception handler of MelaError."""
    assert isinstance(error, MelaError)
    return response(request, error)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Exception handler of FastAPI's validation: where, and what is wrong; the value itself is not sent back."""
    assert isinstance(error, RequestValidationError)
    return response(request, Invalid(_fields(error.errors())))


async def on_http(request: Request, error: Exception) -> Response:
    """Exception handler of Starlette's own errors: unknown route, wrong method, body too large."""
    assert isinstance(error, HTTPException)
    if error.status_code == 400:
        return response(request, _unreadable(error.__cause__))
    known = _BY_STATUS.get(error.status_code)
    problem = known.error(request, error) if known else MelaError()
    problem.status = error.status_code  # type: ignore[misc]
    return response(request, problem)


def _unreadable(cause: BaseException | None) -> MelaError:
    """A body that could not be read at all."""
    if isinstance(cause, RecursionError):
        return errors.Rejected("kernel.too_deep")
    if isinstance(cause, UnicodeDecodeError):
        return errors.Rejected("kernel.not_utf8")
    return Invalid([{"field": "body", "reason": "not one JSON value"}])


def _fields(found: Sequence[Any]) -> list[dict[str, str]]:
    return [{"field": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]} for item in found[:50]]


def _text(messages: i18n.Messages, key: str, language: str, params: dict[str, Any]) -> str:
    try:
        return messages.text(key, language, **params)
    except (KeyError, IndexError):
        return key
