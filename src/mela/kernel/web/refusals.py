"""Which errors an operation may answer with, for the API's document: their codes, and what each says.

They follow from what the operation takes (`_RULES`), and from what its route names in `responses=refused({...})`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mela.kernel import i18n

Json = dict[str, Any]
_EVERYWHERE = {
    429: "kernel.too_many_requests",
    500: "kernel.internal",
    503: "kernel.busy kernel.timeout kernel.disk_full kernel.unavailable kernel.peer_unreachable kernel.shutting_down",
}
_TOKENS = {"customer", "merchant", "operator"}
_RULES: tuple[tuple[Callable[[Json], bool], Mapping[int, str]], ...] = (
    (lambda op: True, _EVERYWHERE),
    (lambda op: bool(_schemes(op)), {401: "kernel.unauthenticated"}),
    (lambda op: bool(_schemes(op) & _TOKENS),
     {401: "kernel.session_expired accounts.token_revoked accounts.key_expired", 403: "kernel.forbidden"}),
    (lambda op: "customer" in _schemes(op), {403: "kernel.forged"}),
    (lambda op: "merchant" in _schemes(op), {403: "kernel.address_not_allowed kernel.test_key"}),
    (lambda op: bool(op.get("parameters") or op.get("requestBody")), {422: "kernel.invalid"}),
    (lambda op: "requestBody" in op,
     {413: "kernel.body_too_large", 415: "kernel.unsupported_media_type", 422: "kernel.too_deep kernel.not_utf8 kernel.card_number"}),
    (lambda op: "cursor" in _parameters(op), {422: "kernel.bad_cursor"}),
    (lambda op: "idempotency-key" in _parameters(op),
     {409: "kernel.idempotency_key_reused", 422: "kernel.idempotency_key_missing"}),
)  # fmt: skip


def refused(codes: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """A route's `responses=`: by status its own codes, separated by spaces."""
    return {status: {"description": "A problem", "x-codes": words.split()} for status, words in codes.items()}


def document(made: Json, messages: i18n.Messages) -> None:
    """Put the errors into each operation of an OpenAPI document, with an example of each in English."""
    found = [_codes(operation) for operation in _operations(made)]
    statuses = {code: status for codes in found for status, words in codes.items() for code in words}
    made["components"]["examples"] = {
        code: {"value": _example(statuses[code], code, messages)} for code in sorted(statuses)
    }
    for operation in _operations(made):
        possible = _codes(operation)
        for parameter in operation.get("parameters", ()):
            _tidy(parameter)
        answers = {str(status): _answer(status, words) for status, words in possible.items()}
        operation["responses"] = {
            status: answer for status, answer in operation["responses"].items() if status[0] in "23"
        } | answers


def _operations(made: Json) -> Iterator[Json]:
    return (operation for item in made["paths"].values() for operation in item.values())


def _codes(operation: Json) -> dict[int, list[str]]:
    """By status, the codes that an operation may answer with."""
    own = {int(status): answer["x-codes"] for status, answer in operation["responses"].items() if "x-codes" in answer}
    follow = [{status: words.split() for status, words in rule.items()} for takes, rule in _RULES if takes(operation)]
    found: dict[int, list[str]] = {}
    for rule in (own, *follow):
        for status, words in rule.items():
            found[status] = list(dict.fromkeys([*found.get(status, []), *words]))
    return dict(sorted(found.items()))


def _tidy(parameter: Json) -> None:
    """A parameter is there or not, never null; the key that repeats nothing has to be there."""
    schema = parameter["schema"]
    if "anyOf" in schema:
        given = [option for option in schema.pop("anyOf") if option != {"type": "null"}]
        schema |= given[0] if len(given) == 1 else {"anyOf": given}
    parameter["required"] |= parameter["name"].lower() == "idempotency-key"


def _answer(status: int, words: list[str]) -> Json:
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in words}
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}
    answer: Json = {"description": ", ".join(f"`{code}`" for code in words), "content": content, "x-codes": words}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}}
    return answer


def _example(status: int, code: str, messages: i18n.Messages) -> Json:
    title, detail = (messages.text(f"errors.{code}.{part}", "en") for part in ("reason", "fix"))
    return {
        "type": f"urn:mela:error:{code}", "code": code, "title": title, "detail": detail, "status": status, "params": {}, "fields": [],
        "request_id": "req_01KAR4T0GQ8V6M2Z3XJY5N7P9B",
    }  # fmt: skip


def _parameters(operation: Json) -> set[str]:
    return {parameter["name"].lower() for parameter in operation.get("parameters", ())}


def _schemes(operation: Json) -> set[str]:
    return {name for scheme in operation.get("security", ()) for name in scheme}
