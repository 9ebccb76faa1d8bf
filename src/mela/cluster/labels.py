"""Labels and the selectors over them: what is valid, what matches.

Two spellings end in the same requirements: a label selector (`matchLabels`, `matchExpressions`) and a node selector
term's expressions, which also know `Gt` and `Lt`. A selector that is missing (`None`) matches nothing; an empty one
(`{}`) matches everything.

Source: https://pkg.go.dev/k8s.io/apimachinery@v0.36.3/pkg/labels and
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ (read 2026-11-23).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
INTEGER = re.compile(r"[+-]?[0-9]+")
NAME_LENGTH = 63
SUBDOMAIN_LENGTH = 253

LABEL_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})
NODE_OPERATORS = LABEL_OPERATORS | {"Gt", "Lt"}


class InvalidSelector(ValueError):
    """A selector that Kubernetes cannot turn into requirements."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on one key. `operator` is one of NODE_OPERATORS."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """`NotIn` and `DoesNotExist` also hold where the key is missing; the others need it."""
        return TESTS[self.operator](labels.get(self.key), self.values)


@dataclass(frozen=True, slots=True)
class Selector:
    """All requirements must hold. With `nothing`, no labels match."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        labels = labels or {}
        return not self.nothing and all(requirement.matches(labels) for requirement in self.requirements)

    @property
    def is_empty(self) -> bool:
        """Restricts nothing: matches every set of labels."""
        return not self.requirements and not self.nothing


EVERYTHING = Selector()
NOTHING = Selector(nothing=True)


def parse(selector: Mapping[str, Any] | None) -> Selector:
    """The selector of a LabelSelector object.

    Raises: InvalidSelector for unknown operators, bad keys or values, or values that do not suit the operator.
    """
    if selector is None:
        return NOTHING
    exact = [requirement(key, "In", [value]) for key, value in (selector.get("matchLabels") or {}).items()]
    return Selector((*exact, *parse_expressions(selector.get("matchExpressions") or [], LABEL_OPERATORS)))


def parse_expressions(
    expressions: Iterable[Mapping[str, Any]], operators: frozenset[str] = NODE_OPERATORS
) -> tuple[Requirement, ...]:
    """The requirements of `{key, operator, values}` mappings. Raises: InvalidSelector."""
    return tuple(
        requirement(each.get("key") or "", each.get("operator") or "", each.get("values") or [], operators)
        for each in expressions
    )


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str] | None) -> bool:
    """Does the LabelSelector object match the labels? Raises: InvalidSelector."""
    return parse(selector).matches(labels)


def of_map(labels: Mapping[str, str] | None) -> Selector:
    """The selector of a plain map (`spec.selector` of a Service, `nodeSelector`): every pair must be there.

    Pairs are not checked for validity and an empty map matches everything, as in upstream's SelectorFromSet.
    """
    return Selector(tuple(Requirement(key, "In", (value,)) for key, value in (labels or {}).items()))


def requirement(
    key: str, operator: str, values: Sequence[str], operators: frozenset[str] = NODE_OPERATORS
) -> Requirement:
    """A checked requirement. Raises: InvalidSelector."""
    if operator not in operators:
        raise InvalidSelector(f"operator {operator!r} of key {key!r} is none of {', '.join(sorted(operators))}")
    if not is_key(key):
        raise InvalidSelector(f"{key!r} is not a label key")
    if (problem := _values_problem(operator, values)) is not None:
        raise InvalidSelector(f"{operator} on {key!r} {problem}")
    return Requirement(key, operator, tuple(values))


def is_key(text: str) -> bool:
    """A name of at most 63 characters, with an optional DNS subdomain and a slash before it."""
    prefix, slash, name = text.rpartition("/")
    return is_name(name) and (not slash or is_subdomain(prefix))


def is_name(text: str) -> bool:
    return len(text) <= NAME_LENGTH and NAME.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Empty, or like the name part of a key."""
    return text == "" or is_name(text)


def is_subdomain(text: str) -> bool:
    """An RFC 1123 subdomain: lower case, dots between labels, at most 253 characters."""
    return len(text) <= SUBDOMAIN_LENGTH and SUBDOMAIN.fullmatch(text) is not None


def _values_problem(operator: str, values: Sequence[str]) -> str | None:
    if operator in ("In", "NotIn") and not values:
        return "needs at least one value"
    if operator in ("Exists", "DoesNotExist") and values:
        return "takes no values"
    if operator in ("Gt", "Lt") and (len(values) != 1 or _int64(values[0]) is None):
        return "needs exactly one whole number as its value"
    bad = [value for value in values if not is_value(value)]
    return f"has values that no label can have: {bad}" if bad else None


def _int64(text: str) -> int | None:
    if len(text) > NAME_LENGTH or not INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def _exceeds(larger: str | None, smaller: str | None) -> bool:
    """Both are whole numbers and the first is greater."""
    left, right = _int64(larger or ""), _int64(smaller or "")
    return left is not None and right is not None and left > right


TESTS: Mapping[str, Callable[[str | None, tuple[str, ...]], bool]] = {
    "In": lambda actual, values: actual is not None and actual in values,
    "NotIn": lambda actual, values: actual is None or actual not in values,
    "Exists": lambda actual, values: actual is not None,
    "DoesNotExist": lambda actual, values: actual is None,
    "Gt": lambda actual, values: _exceeds(actual, values[0]),
    "Lt": lambda actual, values: _exceeds(values[0], actual),
}
