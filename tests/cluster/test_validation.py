"""Validation: the rules by name.

`rules/*.yaml` has the rules. Each changes a sound object of `bases.yaml` and says which errors follow, as a type and a
path, which goes on from the changed place if it begins with a dot or bracket. Kubernetes v1.36.3 decides each of them in
the same way.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from mela.cluster.admission import validation
from tests.cluster.manifests import RULES, below, findings, manifest


def rules() -> Iterator[Any]:
    """Parameters for each rule of each file: kind, place, change, expected errors."""
    for file in sorted(RULES.glob("*.yaml")):
        for group in yaml.safe_load(file.read_text()) if file.stem != "bases" else ():
            for rule in group["rules"]:
                kind, place = group["kind"], group.get("at", "")
                yield pytest.param(kind, place, rule["set"], rule["errors"], id=f"{kind} {place}: {rule['rule']}")


@pytest.mark.parametrize(("kind", "place", "change", "errors"), list(rules()))
def test_the_rule_holds(kind: str, place: str, change: Any, errors: list[str]) -> None:
    assert findings(kind, manifest(kind, place, change)) == below(place, errors)


def test_privileged_containers_and_host_processes_pass_where_the_cluster_allows_them() -> None:
    windows = {"hostNetwork": True, "securityContext": {"windowsOptions": {"hostProcess": True}}}
    assert findings("Pod", manifest("Pod", "spec", windows)) == ["Forbidden spec"]
    assert findings("Pod", manifest("Pod", "spec", windows), allow_privileged=True) == []
    privileged = manifest("Pod", "spec.containers[0].securityContext", {"privileged": True})
    assert findings("Pod", privileged, allow_privileged=True) == []


def test_allowing_privileged_containers_lets_no_other_fault_through() -> None:
    both = {"privileged": True, "allowPrivilegeEscalation": False}
    place = "spec.containers[0].securityContext"
    assert findings("Pod", manifest("Pod", place, both), allow_privileged=True) == [f"Invalid {place}"]


def test_a_missing_namespace_is_the_given_one() -> None:
    assert findings("ConfigMap", manifest("ConfigMap", "", {})) == []
    assert findings("ConfigMap", manifest("ConfigMap", "", {}), namespace="A b") == ["Invalid metadata.namespace"]


def test_a_kind_without_namespace_may_not_name_one() -> None:
    named = manifest("PriorityClass", "metadata", {"namespace": "shop"})
    assert findings("PriorityClass", named) == ["Forbidden metadata.namespace"]


def test_errors_are_sorted_and_name_value_and_place() -> None:
    text = "{kind: Pod, metadata: {name: B}, spec: {containers: [{name: A, image: a}]}}"
    first, second = validation.validate(text, "Pod").errors
    assert (first.field, first.type, first.value) == ("metadata.name", "FieldValueInvalid", "B")
    assert (second.field, second.value) == ("spec.containers[0].name", "A")


def test_unknown_and_repeated_fields_stand_beside_errors() -> None:
    text = "{kind: ConfigMap, metadata: {name: B, name: C}, date: {}}"
    result = validation.validate(text, "ConfigMap")
    assert result.verdict == "strict and invalid"
    assert any("date" in line for line in result.strict)
    assert len(result.strict) == 2
    assert [error.field for error in result.errors] == ["metadata.name"]


def test_unknown_fields_are_quoted_as_go_quotes() -> None:
    result = validation.validate(r'{metadata: {name: a, "b\"\t\\é\u200b": 1}}', "ConfigMap")
    assert result.strict == (r'unknown field "metadata.b\"\t\\é\u200b"',)


def test_a_kind_that_nobody_knows_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        validation.validate("{}", "Robot")
