"""The API's own document (OpenAPI): one for all services of a process, made when it is first asked for."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from mela.kernel import i18n
from mela.kernel.web import refusals
from mela.kernel.web.problems import Problem


def document(app: FastAPI, routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI document of these routes: each operation by the name of its function, with the errors that any may give."""
    if app.openapi_schema is None:
        for route in routes:
            if isinstance(route, APIRoute):
                route.unique_id = route.operation_id = route.name
        made = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=routes, tags=app.openapi_tags
        )
        used = {
            tag for item in made["paths"].values() for operation in item.values() for tag in operation.get("tags", ())
        }
        made["tags"] = [tag for tag in made.get("tags", ()) if tag["name"] in used]
        _add_errors(made, app.state.messages)
        app.openapi_schema = made
    return app.openapi_schema


def _add_errors(made: dict[str, Any], messages: i18n.Messages) -> None:
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    schemas.update(problem.pop("$defs", {}), Problem=problem)
    refusals.document(made, messages)
