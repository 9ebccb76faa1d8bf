"""The page of a rehearsal in a browser: it needs nothing, follows mouse and keys, speaks, prints, fits a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mela.rehearsal.report import page as report
from mela.rehearsal.report.outcome import Outcome
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from mela.rehearsal.verdict.search import search
from tests.rehearsal import match


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    around = Around(match.system())
    verdict = judge(match.play(around.system), around)
    mend = search(around, match.play, verdict)
    assert mend is not None
    before = Outcome("as-written", "A match", ("match.yaml",), verdict, mend, looked=True)
    after = Outcome("with-the-change", "A match", ("match.yaml",), mend.verdict)
    made = tmp_path_factory.mktemp("page") / "match.html"
    made.write_text(report.html([before, after]), encoding="utf-8")
    return made


@pytest.fixture(params=[1280, 390], ids=["desk", "phone"])
def opened(browser: Browser, file: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page; at the end nothing was asked of anybody and nothing went wrong."""
    context = browser.new_context(viewport={"width": request.param, "height": 844}, color_scheme="light")
    shown = context.new_page()
    asked: list[str] = []
    mistakes: list[str] = []
    shown.on("request", lambda one: asked.append(one.url))
    shown.on("pageerror", lambda error: mistakes.append(str(error)))
    shown.on("console", lambda said: mistakes.append(said.text) if said.type == "error" else None)
    shown.goto(file.as_uri())
    yield shown
    context.close()
    assert asked == [file.as_uri()]
    assert mistakes == []


def test_it_opens_in_the_midst_of_the_failure(opened: Page) -> None:
    expect(opened.locator("h1").first).to_have_text("It breaks at 15:35.")
    expect(opened.locator("h1").last).to_have_text("It holds.")
    expect(opened.locator("#now .clock")).to_have_text("15:36:51")
    expect(opened.locator("#now .trouble").first).to_contain_text("api")


def test_nothing_is_wider_than_the_window(opened: Page) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_keys_move_all_charts(opened: Page) -> None:
    def places() -> set[str]:
        return set(opened.eval_on_selector_all(".here", "nodes => nodes.map(node => node.style.transform)"))

    before = places()
    assert len(before) == 1  # one time in all charts
    opened.keyboard.press("Shift+ArrowLeft")
    expect(opened.locator("#now .clock")).to_have_text("15:26:51")
    assert len(places()) == 1
    assert places() != before
    opened.keyboard.press("n")
    expect(opened.locator("#now .clock")).to_have_text("15:30:00")
    expect(opened.locator("#now .since")).to_contain_text("Toss")


def test_the_mouse_moves_time(opened: Page) -> None:
    over = opened.locator(".u-over").first
    opened.evaluate("document.querySelector('#hero').scrollIntoView()")
    box = over.bounding_box()
    assert box is not None
    opened.mouse.move(box["x"] + 2, box["y"] + 20)
    opened.mouse.down()
    opened.mouse.up()
    expect(opened.locator("#now .clock")).to_contain_text("15:0")


def test_it_speaks_five_languages(opened: Page) -> None:
    choice = opened.locator("select")
    for lang, headline in (
        ("hi", "टूटता"),
        ("ta", "உடைகிறது"),
        ("te", "విఫలమవుతుంది"),
        ("kn", "ಮುರಿಯುತ್ತದೆ"),
        ("en", "breaks"),
    ):
        choice.select_option(lang)
        expect(opened.locator("h1").first).to_contain_text(headline)
        assert opened.evaluate("document.documentElement.lang") == lang


def test_it_is_light_and_dark(opened: Page) -> None:
    def ground() -> str:
        return str(opened.evaluate("getComputedStyle(document.body).backgroundColor"))

    root, light = opened.locator("html"), ground()
    opened.locator("header button").click()
    expect(root).to_have_class("dark")
    assert ground() != light
    opened.locator("header button").click()
    assert ground() == light
    opened.emulate_media(color_scheme="dark")
    expect(root).to_have_class("dark")


def test_a_failure_leads_to_its_second(opened: Page) -> None:
    opened.keyboard.press("Home")
    opened.locator(".failure").first.click()
    expect(opened.locator("#now .clock")).to_have_text("15:36:51")


def test_it_prints_without_its_handles(opened: Page) -> None:
    opened.emulate_media(media="print")
    expect(opened.locator(".rail")).to_be_hidden()
    expect(opened.locator("#now")).to_be_hidden()
    expect(opened.locator(".failure").first).to_be_visible()
