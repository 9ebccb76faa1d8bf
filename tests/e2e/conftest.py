"""A platform as a user starts it, and a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.visitor import ARGUMENTS, CHROMIUM, Visitor, enter
from tests.proofs.stage import Actor, running

Enter = Callable[..., Visitor]
expect.set_options(timeout=20_000)  # on a machine that others use, too


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Actor]:
    actor = Actor(tmp_path_factory.mktemp("shop"))
    with running(actor):
        yield actor


@pytest.fixture
def visitors(browser: Browser) -> Iterator[list[Visitor]]:
    """Whoever came in; at the end nobody's browser has seen a mistake of ours."""
    came: list[Visitor] = []
    yield came
    mistakes = [mistake for visitor in came for mistake in visitor.mistakes]
    for visitor in came:
        visitor.context.close()
    assert mistakes == []


@pytest.fixture
def come_in(browser: Browser, shop: Actor, visitors: list[Visitor]) -> Enter:
    """Somebody new in the shop: `come_in(language="hi", width=360)`."""

    def new(url: str = shop.url, **how: Any) -> Visitor:
        visitors.append(enter(browser, url, **how))
        return visitors[-1]

    return new
