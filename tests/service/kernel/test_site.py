"""The built pages: what is there, for how long, in which coding, and under which policy."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from mela.kernel.web.site import Site

PAGE, SCRIPT = b"<!doctype html><title>Mela</title>", b"let shop = 1;" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_bytes(PAGE)
    (site / "assets" / "main-abc123.js").write_bytes(SCRIPT)
    (site / "assets" / "main-abc123.js.gz").write_bytes(gzip.compress(SCRIPT))
    (site / "icon.svg").write_bytes(b"<svg/>")
    (tmp_path / "secret.txt").write_bytes(b"not for you")
    return site


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=Starlette(routes=[Site(folder)]))
    async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/p/silk-saree", "/orders/ord_1", "/c/../cart", "/index.html"])
async def test_every_address_of_a_page_shows_the_page_under_a_strict_policy(folder: Path, path: str) -> None:
    async with browser(folder) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy


async def test_a_hashed_file_is_kept_for_ever_and_comes_as_it_was_packed(folder: Path) -> None:
    async with browser(folder) as client:
        packed = await client.get("/assets/main-abc123.js", headers={"accept-encoding": "gzip, deflate"})
        plain = await client.get("/assets/main-abc123.js", headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(SCRIPT)
    assert packed.content == plain.content == SCRIPT
    assert "content-encoding" not in plain.headers
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/javascript")


async def test_who_has_the_page_already_gets_no_second_copy(folder: Path) -> None:
    async with browser(folder) as client:
        first = await client.get("/")
        again = await client.get("/", headers={"if-none-match": first.headers["etag"]})
        head = await client.head("/")
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/api/none", "/sim/none", "/rpc/none", "/assets/gone-000.js", "/assets/..%2F..%2Fsecret.txt"]
)
async def test_a_wrong_address_of_a_service_or_a_file_is_no_page(folder: Path, path: str) -> None:
    async with browser(folder) as client:
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/%2e%2e/secret.txt", "/../secret.txt", "/..%2fsecret.txt", "//secret.txt"])
async def test_nothing_outside_of_the_folder_can_be_had(folder: Path, path: str) -> None:
    async with browser(folder) as client:
        assert b"not for you" not in (await client.get(path)).content


async def test_other_methods_are_not_for_pages(folder: Path) -> None:
    async with browser(folder) as client:
        assert (await client.post("/")).status_code == 404


async def test_pages_that_were_not_built_say_how_to_build_them(tmp_path: Path) -> None:
    async with browser(tmp_path / "nowhere") as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "make up" in answer.text
