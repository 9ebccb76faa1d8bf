"""Labels and selectors."""

from typing import Any

import pytest

from mela.cluster import labels


@pytest.mark.parametrize(
    ("operator", "values", "label", "matches"),
    [
        ("In", ["a", "b"], "a", True),
        ("In", ["a"], None, False),
        ("In", [""], None, False),
        ("NotIn", ["a"], "a", False),
        ("NotIn", ["a"], None, True),
        ("Exists", [], "", True),
        ("Exists", [], None, False),
        ("DoesNotExist", [], None, True),
        ("DoesNotExist", [], "a", False),
        ("Gt", ["5"], "6", True),
        ("Gt", ["5"], "5", False),
        ("Gt", ["5"], "five", False),
        ("Gt", ["5"], None, False),
        ("Lt", ["5"], "-4", True),
        ("Lt", ["5"], "007", False),
        ("Lt", ["5"], "99999999999999999999", False),
    ],
)
def test_a_requirement_matches_as_upstream_does(
    operator: str, values: list[str], label: str | None, matches: bool
) -> None:
    requirement = labels.requirement("key", operator, values)
    assert requirement.matches({} if label is None else {"key": label}) is matches


def test_a_missing_selector_matches_nothing_and_an_empty_one_everything() -> None:
    assert not labels.matches(None, {"a": "b"})
    assert labels.matches({}, None)
    assert labels.parse({}).is_empty
    assert not labels.parse(None).is_empty


def test_labels_and_expressions_must_all_hold() -> None:
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "canary", "operator": "DoesNotExist"}]}
    assert labels.matches(selector, {"app": "web"})
    assert not labels.matches(selector, {"app": "web", "canary": ""})


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"a/b/c": "x"}},
        {"matchLabels": {"/a": "x"}},
        {"matchLabels": {"a": "-x"}},
        {"matchLabels": {"a" * 64: "x"}},
        {"matchLabels": {"Example.com/a": "x"}},
        {"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]},
        {"matchExpressions": [{"key": "a", "operator": "In", "values": []}]},
        {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]},
        {"matchExpressions": [{"key": "a"}]},
    ],
)
def test_what_kubernetes_cannot_read_is_refused(selector: dict[str, Any]) -> None:
    with pytest.raises(labels.InvalidSelector):
        labels.parse(selector)


@pytest.mark.parametrize("values", [[], ["1", "2"], ["x"], ["+5"], ["99999999999999999999"]])
def test_greater_than_takes_one_whole_number(values: list[str]) -> None:
    with pytest.raises(labels.InvalidSelector):
        labels.requirement("a", "Gt", values)


def test_a_plain_map_selects_by_every_pair() -> None:
    assert labels.of_map({"app": "web", "tier": ""}).matches({"app": "web", "tier": "", "more": "x"})
    assert not labels.of_map({"app": "web"}).matches({})
    assert labels.of_map(None).is_empty


@pytest.mark.parametrize("key", ["a", "A_b.c-1", "example.com/a", "a" * 63, "a." * 126 + "b/c"])
def test_keys_have_a_name_and_may_have_a_domain(key: str) -> None:
    assert labels.is_key(key)


@pytest.mark.parametrize("key", ["", "-a", "a-", "é", "a b", "a\n", "a." * 127 + "b/c", "example..com/a"])
def test_other_keys_are_invalid(key: str) -> None:
    assert not labels.is_key(key)
