"""Writes `web/src/api/schema.ts` from the API's document, and the ranges of card numbers: `python -m docs.typescript`.

A test holds both against the code.

openapi-typescript would do it, and does not run beside TypeScript 7 (its peer is 5; 2026-11-26).
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mela.kernel import cards
from mela.runtime import registry
from mela.runtime.platform import Platform
from mela.runtime.settings import PlatformSettings

FILE = Path(__file__).parents[1] / "web" / "src" / "api" / "schema.ts"
RANGES = FILE.parents[1] / "shop" / "card-ranges.ts"
Json = Mapping[str, Any]


def text() -> str:
    """The whole file: an interface per schema, and each operation by method and path."""
    with tempfile.TemporaryDirectory() as folder:
        platform = Platform(list(registry.ENTRIES), PlatformSettings(data=Path(folder)), environ={})
        document = platform.open().openapi()
    return "\n".join(["// Written by `make docs` from the API's document: change it there.", *_lines(document), ""])


def ranges() -> str:
    """The whole file of card numbers' ranges, as the kernel knows them: network, first and last prefix, lengths."""
    rows = cards.ranges()
    names = " | ".join(json.dumps(name) for name in sorted({row[0] for row in rows}))
    return "\n".join([
        "// Written by `make docs` from the kernel's card-ranges.yaml: change it there. The first row that fits counts.",
        f"export type Network = {names};",
        "export const RANGES: readonly (readonly [Network, string, string, readonly number[]])[] = [",
        *(f"  {json.dumps([network, low, high, sorted(lengths)])}," for network, low, high, lengths in rows),
        "];",
        "",
    ])  # fmt: skip


def _lines(document: Json) -> Iterator[str]:
    for name, schema in sorted(document["components"]["schemas"].items()):
        shape = _type(schema, wide=True)
        yield f"export interface {name} {shape}" if shape.startswith("{") else f"export type {name} = {shape};"
    yield "export interface Operations {"
    for path, item in sorted(document["paths"].items()):
        for method, operation in item.items():
            yield f"  {json.dumps(f'{method.upper()} {path}')}: {{"
            yield from (f"    {part};" for part in _operation(operation))
            yield "  };"
    yield "}"


def _operation(operation: Json) -> Iterator[str]:
    parameters = operation.get("parameters", ())
    for place in ("path", "query"):
        found = [p for p in parameters if p["in"] == place]
        if found:
            fields = "; ".join(f"{p['name']}{'' if p['required'] else '?'}: {_type(p['schema'])}" for p in found)
            yield f"{place}{'' if any(p['required'] for p in found) else '?'}: {{ {fields} }}"
    if any(p["in"] == "header" and p["name"] == "idempotency-key" for p in parameters):
        yield "key: string"
    if body := operation.get("requestBody"):
        yield f"body{'' if body.get('required') else '?'}: {_content(body)}"
    answer: Json = next((a for status, a in operation["responses"].items() if status[0] == "2"), {})
    yield f"answer: {_content(answer)}"


def _content(holder: Json) -> str:
    schema = holder.get("content", {}).get("application/json", {}).get("schema")
    return _type(schema) if schema else "undefined"


def _type(schema: Json, *, wide: bool = False) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(option) for option in options))
    return _plain(schema, wide=wide)


def _plain(schema: Json, *, wide: bool) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"Array<{_type(schema['items'])}>" if "items" in schema else "unknown[]"
    if kind == "object":
        return _object(schema, wide=wide)
    return {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}.get(
        str(kind), "unknown"
    )


def _object(schema: Json, *, wide: bool) -> str:
    if "properties" not in schema:
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) and values else 'unknown'}>"
    required = schema.get("required", ())
    fields = [
        f"{json.dumps(name) if not name.isidentifier() else name}{'' if name in required else '?'}: {_type(value)};"
        for name, value in schema["properties"].items()
    ]
    return "{\n  " + "\n  ".join(fields) + "\n}" if wide else "{ " + " ".join(fields) + " }"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    RANGES.write_text(ranges(), encoding="utf-8")
