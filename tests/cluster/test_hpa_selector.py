"""Selectors in text."""

import pytest

from mela.cluster import labels
from mela.cluster.hpa import selector

LABELS = {"app": "web", "tier": "front", "in": "x"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "app=web",
        "app == web , tier!=back",
        "app in (web, shop)",
        "app notin (shop),!canary",
        "app,tier",
        "none!=",
        "none notin (,)",
        "in=x",
        "in in (x)",
        "app in (,web)",
    ],
)
def test_selector_matches(text: str) -> None:
    assert selector.parse(text).matches(LABELS)


@pytest.mark.parametrize("text", ["app==", "app=shop", "!app", "app notin (web)", "size>3", "app in ()"])
def test_selector_does_not_match(text: str) -> None:
    assert not selector.parse(text).matches(LABELS)


def test_numbers_are_compared() -> None:
    assert selector.parse("size>3,size<5").matches({"size": "4"})


@pytest.mark.parametrize(
    "text",
    [
        "app in (web",
        "app in web)",
        "app web",
        "app in (a b)",
        "app in (a=b)",
        ",app",
        "app,",
        "app=web tier",
        "!app=web",
        "=web",
        "app=(",
        "-app=web",
        "app=-web",
        "size>many",
        "!",
        "app in",
    ],
)
def test_selector_is_refused(text: str) -> None:
    with pytest.raises(labels.InvalidSelector):
        selector.parse(text)
