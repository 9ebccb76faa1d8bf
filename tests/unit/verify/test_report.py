"""The same report for people, for scripts and for code hosts."""

import io
from typing import Any

from rich.console import Console

from mela.cluster import checks, manifests
from mela.verify import Report, check
from mela.verify.report import data, human, sarif

TEXT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {sale: on}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b, namespace: shop, annotations: {mela.dev/ignore: "wrong-type: shown in a test"}}
data: {sale: off}
"""
RULES = [rule for rule in checks.every() if rule.family in ("schema", "reading", "ignores")]


def report(text: str = TEXT, file: str = "shop/config.yaml") -> Report:
    return check([manifests.parse(text, file)], RULES)


def plain(lines: Any) -> str:
    console = Console(file=io.StringIO(), width=200, color_system=None)
    for line in lines:
        console.print(line, soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_people_read_place_fault_consequence_and_cure() -> None:
    assert plain(human.lines(report())) == (
        "shop/config.yaml:4  error  ConfigMap shop/a  [wrong-type]\n"
        "    `data.sale` must be text, and YAML reads on as true.\n"
        "    then: The API server refuses the object, so nothing of it is created or changed.\n"
        '    mend: Put it in quotes: "on".\n'
        "\n"
        "2 objects in 1 file, Kubernetes 1.36: 1 error; 1 accepted by annotation\n"
    )


def test_people_are_told_when_nothing_is_wrong() -> None:
    nothing = report("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
    assert plain(human.lines(nothing)) == "1 object in 1 file, Kubernetes 1.36: nothing is wrong\n"


def test_scripts_read_every_finding_with_its_place() -> None:
    document = data.document(report())
    assert document["counts"] == {"error": 1, "warning": 0, "info": 0}
    [finding] = document["findings"]
    assert finding == {
        "rule": "wrong-type", "severity": "error", "file": "shop/config.yaml", "line": 4, "apiVersion": "v1",
        "kind": "ConfigMap", "namespace": "shop", "name": "a", "path": "data.sale",
        "says": finding["says"], "happens": finding["happens"], "mend": 'Put it in quotes: "on".',
    }  # fmt: skip
    assert [one["reason"] for one in document["ignored"]] == ["shown in a test"]


def test_code_hosts_find_rule_line_and_suppression() -> None:
    [run] = sarif.document(report(), RULES)["runs"]
    rules = run["tool"]["driver"]["rules"]
    found, accepted = run["results"]
    assert rules[found["ruleIndex"]]["id"] == found["ruleId"] == "wrong-type"
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("shop/config.yaml", 4)
    assert "suppressions" not in found
    assert accepted["suppressions"] == [{"kind": "inSource", "justification": "shown in a test"}]


def test_a_fingerprint_survives_lines_above_and_differs_between_objects() -> None:
    def prints(text: str) -> list[str]:
        results = sarif.document(report(text), RULES)["runs"][0]["results"]
        return [result["partialFingerprints"]["mela/v1"] for result in results]

    assert prints(TEXT) == prints("# moved\n# down\n" + TEXT)
    assert len(set(prints(TEXT))) == 2


def test_a_uri_is_escaped_and_absolute_where_the_path_is() -> None:
    assert sarif._uri("my shop/नमस्ते.yaml") == "my%20shop/%E0%A4%A8%E0%A4%AE%E0%A4%B8%E0%A5%8D%E0%A4%A4%E0%A5%87.yaml"
    assert sarif._uri("/shop/a.yaml") == "file:///shop/a.yaml"


def test_a_text_that_cannot_be_read_has_a_place_in_every_form() -> None:
    broken = report("kind: [\n")
    assert plain(human.lines(broken)).startswith("shop/config.yaml:2  error  [unreadable]\n")
    assert "logicalLocations" not in sarif.document(broken, RULES)["runs"][0]["results"][0]["locations"][0]
    assert data.document(broken)["findings"][0]["path"] == ""
