"""All rules over all systems: each finding once, in reading order, without those that their authors accept."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import checks, manifests
from mela.cluster.objects import Object, Source, System
from mela.verify import check

_KINDS = [
    ("v1", "Pod"), ("v1", "Service"), ("v1", "ConfigMap"), ("v1", "Secret"), ("v1", "ResourceQuota"), ("v1", "LimitRange"),
    ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "CronJob"), ("batch/v1", "Job"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"), ("policy/v1", "PodDisruptionBudget"), ("networking.k8s.io/v1", "NetworkPolicy"),
    ("networking.k8s.io/v1", "Ingress"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
]  # fmt: skip
_NAMES = (
    "spec selector matchLabels template metadata labels containers name image ports port containerPort env value valueFrom replicas "
    "resources requests limits cpu memory minAvailable maxUnavailable metrics scaleTargetRef kind ingress egress from to podSelector "
    "hard schedule jobTemplate volumes rules"
).split()
BAD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: %s, annotations: {mela.dev/ignore: "%s"}}
data: {sale: on}
"""


def wrong(text: str) -> list[tuple[str, int]]:
    return [(finding.rule, finding.line) for finding in check([manifests.parse(text)]).findings]


def test_findings_stand_in_reading_order() -> None:
    text = "apiVersion: v1\nkind: [\n---\n" + BAD % ("a", "") + "---\n" + BAD % ("b", "") + "unknown: 1\n"
    assert wrong(text) == [("unreadable", 3), ("wrong-type", 7), ("wrong-type", 12), ("unknown-field", 13)]


def test_a_finding_is_accepted_with_a_reason_only() -> None:
    report = check([manifests.parse(BAD % ("a", "wrong-type: a test of types"))])
    assert report.findings == ()
    assert [(one.finding.rule, one.reason) for one in report.ignored] == [("wrong-type", "a test of types")]
    assert [rule for rule, _ in wrong(BAD % ("a", "wrong-type"))] == ["ignore-without-reason", "wrong-type"]
    assert [rule for rule, _ in wrong(BAD % ("a", "wrong-typo: because"))] == ["ignore-unknown-rule", "wrong-type"]


def test_several_rules_are_ignored_line_by_line() -> None:
    text = BAD % ("a", "wrong-type: one\\nunknown-field: two\\n\\n") + "unknown: 1\n"
    assert [one.reason for one in check([manifests.parse(text)]).ignored] == ["one", "two"]


def test_an_annotation_speaks_for_its_own_object_only() -> None:
    assert wrong(BAD % ("a", "wrong-type: here") + "---\n" + BAD % ("b", "")) == [("wrong-type", 9)]


def test_what_variants_share_is_found_once(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(BAD % ("all", ""), encoding="utf-8")
    for name in ("dev", "prod"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "web.yaml").write_text(BAD % ("web", ""), encoding="utf-8")
    systems = manifests.read([str(tmp_path)])
    assert len(systems) == 2
    report = check(systems)
    assert [(Path(finding.object.source.file).parent.name, finding.object.name) for finding in report.findings] == [
        (tmp_path.name, "all"), ("dev", "web"), ("prod", "web"),
    ]  # fmt: skip
    assert (report.objects, report.files) == (3, 3)


def test_a_report_fails_at_the_severity_that_is_asked_for() -> None:
    off = "apiVersion: admissionregistration.k8s.io/v1beta1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: a}\nspec: {policyName: a}\n"
    report = check([manifests.parse(off)], _schema_rules())
    assert [(report.count(severity), report.fails(severity)) for severity in ("error", "warning", "info")] == [
        (0, False), (1, True), (0, True),
    ]  # fmt: skip


def test_no_system_is_an_empty_report() -> None:
    assert (check([]).findings, check([System()]).objects) == ((), 0)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 99)
    | st.sampled_from(["web", "shop", "50%", "1Gi", "100m", "", "http"]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from(_NAMES), below, max_size=3),
    max_leaves=10,
)


@given(st.lists(st.tuples(st.sampled_from(_KINDS), _VALUES, _VALUES), max_size=4))
def test_any_system_gets_a_report(objects: list[tuple[tuple[str, str], Any, Any]]) -> None:
    things = [
        Object.of(
            {"apiVersion": api, "kind": kind, "metadata": {"name": "web", "labels": labels}, "spec": spec}, Source("f")
        )
        for (api, kind), labels, spec in objects
    ]
    assert check([System.of(things)]).objects == len(things)


def _schema_rules() -> list[checks.Rule]:
    return [rule for rule in checks.every() if rule.family == "schema"]
