"""`/docs`: the API's document as one page to read. No script, nothing from elsewhere: it works without a network.

Decided against Swagger UI and its like: megabytes of script from a CDN, or vendored, for a page that is mostly read.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

Json = dict[str, Any]
_CSS = (Path(__file__).parent / "data" / "reference.css").read_text()
_CSS_HASH = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_CSS_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def route(app: FastAPI) -> Route:
    """The page's route; the page is made at the first question."""
    made: list[str] = []

    async def reference(_request: Request) -> HTMLResponse:
        if not made:
            made.append(page(app.openapi()))
        return HTMLResponse(made[0], headers={"content-security-policy": _POLICY, "cache-control": "no-cache"})

    return Route("/docs", reference)


def page(document: Json) -> str:
    """The document as HTML."""
    info, tags = document["info"], document.get("tags", [])
    links = "".join(f'<a href="#{_anchor(tag["name"])}">{escape(tag["name"])}</a>' for tag in tags)
    groups = "".join(_group(document, tag) for tag in tags)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{_CSS}</style><h1>{escape(info['title'])}</h1>"
        f'<p>Version {escape(info["version"])} · <a href="/openapi.json">OpenAPI document</a></p>'
        f"{_words(info.get('description', ''))}<nav>{links}</nav>{groups}</html>"
    )


def example(document: Json, schema: Json) -> Any:
    """A value that the schema describes, made of its examples."""
    if "$ref" in schema:
        return example(document, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if given := schema.get("examples") or schema.get("enum"):
        return given[0]
    if options := schema.get("anyOf") or schema.get("allOf"):
        return example(document, options[0])
    if "properties" in schema:
        return {name: example(document, each) for name, each in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example(document, schema["items"])]
    return schema.get("const", schema.get("default", {}))


def _group(document: Json, tag: Json) -> str:
    inside = "".join(
        _operation(document, method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if tag["name"] in operation.get("tags", ())
    )
    return f'<h2 id="{_anchor(tag["name"])}">{escape(tag["name"])}</h2>{_words(tag["description"])}{inside}'


def _operation(document: Json, method: str, path: str, operation: Json) -> str:
    callers = [name for scheme in operation.get("security", ()) for name in scheme]
    parts = [
        _words(operation.get("description", "")),
        f"<p>Caller: {escape(', '.join(callers))}</p>" if callers else "",
        _table((p["name"] + ("" if p["required"] else " ?"), p.get("description", "")) for p in operation.get("parameters", ())),
        _json(document, "Request", operation.get("requestBody", {}).get("content", {})),
        *(_json(document, f"Answer {status}", answer.get("content", {}))
          for status, answer in operation["responses"].items() if status[0] == "2"),
        _table((f"{status}", ", ".join(answer["x-codes"])) for status, answer in operation["responses"].items() if "x-codes" in answer),
    ]  # fmt: skip
    head = f'<span class="method">{escape(method)}</span><code>{escape(path)}</code>'
    about = f'<span class="about">{escape(operation["summary"])}</span>'
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>{head} {about}</summary>{"".join(parts)}</details>'
    )


def _json(document: Json, title: str, content: Json) -> str:
    schema = content.get("application/json", {}).get("schema")
    if not schema:
        return ""
    text = json.dumps(example(document, schema), ensure_ascii=False, indent=2)
    return f"<p>{escape(title)}</p><pre>{escape(text)}</pre>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    inside = "".join(f"<tr><td><code>{escape(name)}</code><td>{_inline(text)}" for name, text in rows)
    return f"<table>{inside}</table>" if inside else ""


def _words(text: str) -> str:
    """Paragraphs and lists of a description."""
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines()]
        if all(line.startswith("* ") for line in lines):
            blocks.append("<ul>" + "".join(f"<li>{_inline(line[2:])}" for line in lines) + "</ul>")
        else:
            blocks.append(f"<p>{_inline(' '.join(lines))}</p>")
    return "".join(blocks) if text.strip() else ""


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", re.sub(r"`(.+?)`", r"<code>\1</code>", escape(text)))


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())
