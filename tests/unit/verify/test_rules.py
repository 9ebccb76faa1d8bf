"""Every rule is held to its own examples and words."""

import re

import pytest

from mela.cluster import checks
from mela.cluster.checks import Rule
from mela.verify import check, examples

RULES = checks.every()
each_rule = pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])


@each_rule
def test_the_good_example_is_free_of_the_rule(rule: Rule) -> None:
    assert [finding.says for finding in rule(examples.system(rule.good))] == []


@each_rule
def test_the_bad_example_is_found(rule: Rule) -> None:
    findings = list(rule(examples.system(rule.bad)))
    assert findings
    for finding in findings:
        assert (finding.rule, bool(finding.severity)) == (rule.id, True)
        assert finding.says
        assert finding.happens


@each_rule
def test_the_good_example_is_one_that_the_api_server_takes(rule: Rule) -> None:
    schema = [one for one in RULES if one.family in ("reading", "schema")]
    report = check([examples.system(rule.good)], schema)
    assert [finding.says for finding in report.findings if finding.severity == "error"] == []


@each_rule
def test_ids_are_facts_in_kebab_case_and_texts_are_sentences(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+|unreadable|untyped", rule.id)
    assert rule.about.endswith(".")
    for finding in rule(examples.system(rule.bad)):
        assert finding.says.endswith("."), finding.says
        assert finding.happens.endswith("."), finding.happens


def test_two_rules_cannot_share_an_id() -> None:
    known = RULES[0]
    with pytest.raises(ValueError, match=known.id):
        checks.rule(id=known.id, severity="error", about="", good="", bad="")(known.check)
