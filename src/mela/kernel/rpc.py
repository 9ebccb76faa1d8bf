"""Contracts over HTTP: a Protocol is served by one router and called through one proxy, both made from its signatures.

A contract's methods are async, keyword-only and JSON-shaped; each reads, or takes an idempotency `key`. So a call may be
repeated, and a transport that failed means "may have happened": the proxy repeats it within the caller's deadline.

    POST /rpc/<service>/<method>   {"argument": …}   ->   {"result": …}   or problem+json with the error's code
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast, get_type_hints

import httpx2
import orjson
import stamina
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mela.kernel import auth, deadline, errors, http, messages
from mela.kernel.sealed import reads
from mela.kernel.telemetry import metrics, tracing

C = TypeVar("C")
DEADLINE = "mela-deadline-ms"
_LONGEST_S = 30.0
"""What a call may take where nobody says."""


def methods(contract: type) -> dict[str, Callable[..., Any]]:
    """The public methods of a contract. Raises: TypeError for one that cannot travel."""
    found: dict[str, Callable[..., Any]] = {
        name: f for name, f in vars(contract).items() if inspect.isfunction(f) and not name.startswith("_")
    }
    for name, function in found.items():
        parameters = list(inspect.signature(function).parameters.values())[1:]
        if not inspect.iscoroutinefunction(function) or any(p.kind is not p.KEYWORD_ONLY for p in parameters):
            raise TypeError(f"{contract.__name__}.{name} must be async with keyword-only parameters")
    return found


def service_of(contract: type) -> str:
    """The service that implements a contract: contracts live in a module of its name."""
    return contract.__module__.rsplit(".", 1)[-1]


def routes(
    contract: type,
    implementation: object,
    *,
    service: str,
    callers: auth.Callers,
    permits: Mapping[str, frozenset[str]],
) -> list[Route]:
    """Serve a contract as `service`. `callers` know tokens; `permits`: caller -> methods it may call."""

    def route(name: str, function: Callable[..., Any]) -> Route:
        request_model, target = _model(contract, name, function), getattr(implementation, name)

        async def endpoint(request: Request) -> Response:
            _permit(request, name, callers, permits)
            arguments = _arguments(request_model, await request.body())
            with deadline.within(_seconds(request.headers.get(DEADLINE))):
                result = await target(**arguments)
            return Response(messages.to_json({"result": result}), media_type="application/json")

        return Route(f"/rpc/{service}/{name}", endpoint, methods=["POST"], name=f"rpc {service}.{name}")

    return [route(name, function) for name, function in methods(contract).items()]


def proxy(
    contract: type[C],
    url: str,
    *,
    service: str,
    caller: str,
    token: Callable[[], str],
    client: httpx2.AsyncClient,
    timeout_s: float = 5.0,
    attempts: int = 3,
) -> C:
    """An object that keeps the contract by calling `service` at `url`. `token` is asked at each call: it may change."""

    def method(name: str, function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
        adapter = messages.adapter(get_type_hints(function, include_extras=True).get("return", Any))

        async def call(_self: object, **arguments: Any) -> Any:
            body = messages.to_json(arguments)
            result: Any = None
            with deadline.within(timeout_s):
                if not deadline.left(timeout_s):
                    raise errors.TimedOut(seconds=1)
                async for attempt in stamina.retry_context(
                    on=_worth_repeating,
                    attempts=attempts,
                    timeout=timeout_s,
                    wait_initial=0.05,
                    wait_max=1.0,
                    wait_jitter=0.05,
                ):
                    with attempt, metrics.CALL.labels(caller, service, name).time():
                        result = await _post(client, f"{url}/rpc/{service}/{name}", body, token(), service)
            return adapter.validate_python(result)

        call.__name__ = name
        return call

    stub = type(f"{contract.__name__}Proxy", (), {name: method(name, f) for name, f in methods(contract).items()})
    return cast(C, stub())


def _worth_repeating(error: Exception) -> bool:
    return isinstance(error, errors.Retryable) and deadline.left(1.0) > 0


async def _post(client: httpx2.AsyncClient, url: str, body: bytes, token: str, service: str) -> Any:
    """One try. Raises: Unreachable when there was no answer of ours in time, else the error that the service raised."""
    seconds = deadline.left(_LONGEST_S)
    if seconds <= 0:
        raise errors.TimedOut(seconds=1)
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/json",
        DEADLINE: str(int(seconds * 1000)),
    }
    try:
        with tracing.span("call", url=url):
            if trace := tracing.current():
                headers["traceparent"] = trace
            answer = await http.send(client, "POST", url, content=body, headers=headers, seconds=seconds)
        return _result(answer.status, orjson.loads(answer.content))
    except (httpx2.HTTPError, ValueError) as error:
        raise errors.Unreachable(service=service, seconds=1) from error


def _result(status: int, answer: Any) -> Any:
    """The result in an answer. Raises: the error in it, ValueError for an answer of another shape."""
    if not isinstance(answer, dict) or (status < 400 and "result" not in answer):
        raise ValueError("not an answer of ours")
    if status < 400:
        return answer["result"]
    error = errors.restore(str(answer.get("code") or ""), status, answer.get("params") or {})
    if isinstance(error, errors.Invalid):
        error.fields = answer.get("fields") or []
    raise error


def _model(contract: type, name: str, function: Callable[..., Any]) -> type[BaseModel]:
    hints = get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    fields: dict[str, Any] = {p.name: (hints[p.name], ... if p.default is p.empty else p.default) for p in parameters}
    return create_model(f"{contract.__name__}_{name}", __config__=ConfigDict(extra="forbid"), **fields)


def _arguments(model: type[BaseModel], body: bytes) -> dict[str, Any]:
    try:
        parsed = model.model_validate_json(body)
    except ValidationError as error:
        raise errors.Invalid(
            [{"field": ".".join(map(str, e["loc"])), "reason": e["msg"]} for e in error.errors()]
        ) from error
    return vars(parsed)


def _seconds(milliseconds: str | None) -> float:
    """How long the caller waits."""
    return (
        int(milliseconds) / 1000 if milliseconds and milliseconds.isdecimal() and len(milliseconds) < 9 else _LONGEST_S
    )


def _permit(request: Request, method: str, callers: auth.Callers, permits: Mapping[str, frozenset[str]]) -> None:
    """Raises: Unauthenticated without a known service's token, Forbidden for a method that service has no business with."""
    token = auth.bearer(request.headers.get("authorization"))
    caller = callers.name(token)
    if caller is None:
        raise errors.Unauthenticated("kernel.unauthenticated")
    reads.prove(auth.Principal("service", caller))
    if method not in permits.get(caller, frozenset()):
        raise errors.Forbidden("kernel.forbidden", need=f"{caller} -> {method}")
