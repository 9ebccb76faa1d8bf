"""The API's page: complete, and nothing on it comes from elsewhere."""

import asyncio
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx2
import jsonschema_rs
import pytest
from fastapi import FastAPI

from mela.kernel.web import reference
from mela.runtime import registry
from mela.runtime.platform import Platform
from mela.runtime.settings import PlatformSettings


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The whole platform's application; nothing is started."""
    platform = Platform(list(registry.ENTRIES), PlatformSettings(data=tmp_path_factory.mktemp("platform")), environ={})
    yield platform.open()
    asyncio.run(platform.close())


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


class Reader(HTMLParser):
    """Collects what a page loads, and the ids on it."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag in ("script", "link", "img", "iframe", "object") or "src" in given or "style" in given:
            self.loads.append(tag)


async def test_the_page_shows_every_operation_and_loads_nothing(app: FastAPI, document: Any) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        answer = await client.get("/docs")
    page = Reader()
    page.feed(answer.text)
    assert page.loads == []
    assert "default-src 'none'; style-src 'sha256-" in answer.headers["content-security-policy"]
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    assert {operation["operationId"] for operation in operations} <= page.ids
    assert not re.search(r"https?://(?!127|mela|example\.)", answer.text.replace("http://127.0.0.1", ""))


def test_every_operation_says_what_it_is(document: Any) -> None:
    named = [tag["name"] for tag in document["tags"]]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert re.fullmatch(r"[a-z][a-z_]+", operation["operationId"]), where
            assert set(operation["tags"]) <= set(named), where
            assert all(parameter.get("description") for parameter in operation.get("parameters", ())), where
            assert {"429", "500", "503"} <= operation["responses"].keys(), where


def test_every_list_has_the_same_shape(document: Any) -> None:
    pages = {name: schema for name, schema in document["components"]["schemas"].items() if name.endswith("Page")}
    assert len(pages) >= 12
    for name, schema in pages.items():
        assert {"items", "next_cursor"} <= set(schema["required"]), name
    for path, item in document["paths"].items():
        schema = item.get("get", {}).get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
        assert schema.get("schema", {}).get("type") != "array", path


def test_every_field_is_described_and_every_example_fits(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        for field, each in schema.get("properties", {}).items():
            assert each.get("description") or "$ref" in each, f"{name}.{field}"
        made = reference.example(document, schema)
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        problems = [error.message for error in jsonschema_rs.Draft202012Validator(whole).iter_errors(made)]
        assert problems == [], name


def test_every_error_in_the_document_is_a_problem(document: Any) -> None:
    whole = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole)
    for code, given in document["components"]["examples"].items():
        assert validator.is_valid(given["value"]), code
        assert given["value"]["code"] == code
