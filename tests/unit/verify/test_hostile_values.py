"""Rules meet any values that a file may hold, and never fail on them."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mela.cluster import checks
from mela.cluster.checks import schema
from mela.cluster.objects import Object, Source, System
from mela.verify import examples
from mela.verify.run import AS_WRITTEN

RULES = tuple(rule for rule in checks.every() if rule.family not in AS_WRITTEN)
FAMILIES = sorted({rule.family for rule in RULES})
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, -1, True, 10**30, 1.5, "", "x", "*", "${", "10%", [], {}, [None], [{}], ["a"], {"a": None}, {"": ""}]
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path below a value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for step, each in steps for path in ((*at, step), *places(each, (*at, step)))]


def put(data: Any, path: tuple[Any, ...], value: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40, deadline=None)
@given(draw=st.data())
def test_a_value_of_any_form_anywhere_breaks_no_rule(family: str, draw: st.DataObject) -> None:
    members = [rule for rule in RULES if rule.family == family]
    texts = draw.draw(st.sampled_from([text for rule in members for text in (rule.good, rule.bad)]))
    documents = [deepcopy(dict(thing.data)) for thing in examples.system(texts)]
    for _ in range(draw.draw(st.integers(1, 3))):
        index = draw.draw(st.integers(0, len(documents) - 1))
        if paths := places(documents[index]):
            put(documents[index], draw.draw(st.sampled_from(paths)), deepcopy(draw.draw(JUNK)))
    system = schema.readable(System.of(Object.of(each, Source("file")) for each in documents))
    for rule in members:
        for finding in rule(system):
            assert finding.says
            assert finding.line >= 1
