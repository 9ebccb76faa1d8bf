"""Every error reads well in every language: its text exists, and whoever raises it gives what the text names."""

import ast
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import APIRouter

import mela
from mela.kernel import errors, i18n
from mela.kernel.errors import MelaError
from mela.kernel.web import Health, WebSettings, create_app
from mela.runtime import registry
from mela.runtime.platform import Platform
from mela.runtime.settings import PlatformSettings
from tests import kit

SOURCE = Path(mela.__file__).parent
MESSAGES = i18n.Messages.load(SOURCE / "kernel" / "data" / "messages.yaml", *registry.message_files())
CODES = sorted({key.removeprefix("errors.").rpartition(".")[0] for key in MESSAGES if key.startswith("errors.")})
CLASSES = ("MelaError", *(cls.__name__ for cls in errors._BY_STATUS.values()))


def classes() -> dict[str, type[MelaError]]:
    """Every error class of the platform by name."""
    for name in registry.ENTRIES:
        registry.load(name)
    ours = {cls for cls in errors._by_code.values() if cls.__module__.startswith("mela.")}
    return {cls.__name__: cls for cls in ours}


def needs(code: str) -> set[str]:
    """The parameters that the texts of a code name; the edge adds the request's id."""
    forms = [MESSAGES[f"errors.{code}.{part}"].languages["en"].values() for part in ("reason", "fix")]
    return {name for each in forms for form in each for name in i18n.PLACEHOLDER.findall(form)} - {"request_id"}


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """Where, code and parameters of every error made in the source; not where parameters come as a mapping."""
    known = classes()
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or any(word.arg is None for word in node.keywords):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            own = known.get(name)
            code = first if isinstance(first, str) and (own or name in CLASSES) else getattr(own, "code", None)
            if code and not (own and "__init__" in vars(own)):
                yield f"{file.relative_to(SOURCE)}:{node.lineno}", code, {str(word.arg) for word in node.keywords}


def test_every_code_has_a_text() -> None:
    declared = {cls.code for cls in classes().values()} | {code for _, code, _ in raised()}
    assert declared - set(CODES) == set()


def test_whoever_raises_an_error_gives_what_its_text_names() -> None:
    found = list(raised())
    assert len(found) > 50
    assert [(where, code, needs(code) - given) for where, code, given in found if needs(code) - given] == []


@asynccontextmanager
async def raising() -> AsyncIterator[httpx2.AsyncClient]:
    """An application that raises any code with the parameters its text names."""
    router = APIRouter()

    @router.get("/errors/of/kind/{code}")
    async def fail(code: str) -> None:
        raise MelaError(code, **dict.fromkeys(needs(code), 3))

    @asynccontextmanager
    async def life() -> AsyncIterator[None]:
        yield

    app = create_app(
        "errors", version="test", description="", routers=[router], routes=[], health=Health(), messages=MESSAGES,
        authenticator=kit.Tokens(), settings=WebSettings(rate="off"), lifespan=life,
    )  # fmt: skip
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
async def test_every_error_reads_well_over_http(lang: str) -> None:
    async with raising() as client:
        for code in CODES:
            answer = await client.get(f"/errors/of/kind/{code}", headers={"accept-language": f"{lang}-IN,en;q=0.5"})
            problem: dict[str, Any] = answer.json()
            assert (answer.headers["content-type"], problem["code"]) == ("application/problem+json", code)
            assert answer.headers["content-language"] == lang
            for text in (problem["title"], problem["detail"]):
                assert text.endswith((".", "।", "?", problem["request_id"])), (code, text)
                assert not re.search(r"[{}]|errors\.", text), (code, text)
                assert lang == "en" or re.search(f"[{i18n.SCRIPTS[lang]}]", text), (code, text)


async def test_a_pod_has_words_for_the_errors_of_services_elsewhere(tmp_path: Path) -> None:
    platform = Platform(["sms"], PlatformSettings(data=tmp_path, peers=("accounts=http://accounts:3000",)), environ={})
    messages = platform.open().state.messages
    await platform.close()
    assert "errors.catalog.out_of_stock.reason" in messages
