"""What Schemathesis asks of each answer besides its own checks. Loaded by `st`, not by pytest."""

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

NOT_WHOLE = "Input should be a valid integer"
SECURITY = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "same-origin"}


@schemathesis.check
def its_code_is_documented(_ctx: CheckContext, response: Response, case: "Case[Any]") -> None:
    """A problem's code is one that the operation names for this status, in words of the caller's language."""
    if response.status_code < 400 or response.status_code == 405:
        return
    problem = response.json()
    answers = case.operation.definition.raw["responses"]
    known = answers.get(str(response.status_code), {}).get("x-codes", [])
    assert problem["code"] in known, f"{problem['code']} is not among {known}"
    assert problem["title"] != f"errors.{problem['code']}.reason"
    assert "{" not in problem["title"] + problem["detail"], problem


@schemathesis.check
def what_follows_the_document_is_taken(_ctx: CheckContext, response: Response, case: "Case[Any]") -> None:
    """`kernel.invalid` says that the shape is wrong: never to a request that has the documented shape.

    Two exceptions. JSON Schema calls 3.0 a whole number; we do not, since money has no point in it. And a sequence of calls
    feeds one operation's ids to another that has other ids.
    """
    if response.status_code != 422 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    if problem["code"] == "kernel.invalid" and case.meta.phase.name != "stateful":
        assert [field for field in problem["fields"] if field["reason"] != NOT_WHOLE] == []


@schemathesis.check
def it_has_the_headers_of_every_answer(_ctx: CheckContext, response: Response, _case: "Case[Any]") -> None:
    """Whatever the answer."""
    for name, value in SECURITY.items():
        assert response.headers.get(name) == [value], name
    assert "x-request-id" in response.headers
