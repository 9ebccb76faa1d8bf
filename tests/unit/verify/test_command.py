"""`mela verify` on the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mela.cli.verify import verify
from mela.cluster import checks
from mela.verify import pages

GOOD = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}\n"
OFF = "apiVersion: admissionregistration.k8s.io/v1beta1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: a}\nspec: {policyName: a}\n"
BAD = "apiVersion: v1\nkind: Namespace\nmetadata: {nam: shop}\n"


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(verify, list(arguments), input=stdin)


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (GOOD, [], 0),
        (BAD, [], 1),
        (OFF, [], 0),
        (OFF, ["--fail-on", "warning"], 1),
        ("", [], 2),
        ("replicas: 1\n", [], 2),
    ],
)
def test_the_exit_code_says_whether_something_is_wrong(text: str, arguments: list[str], code: int) -> None:
    assert run("-", *arguments, stdin=text).exit_code == code


def test_a_path_that_is_not_there_could_not_be_checked(tmp_path: Path) -> None:
    assert [run(str(tmp_path / "nowhere")).exit_code, run().exit_code] == [2, 2]


def test_a_version_is_chosen_with_or_without_its_letter() -> None:
    flow = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n"
    assert "removed-api" in run("-", stdin=flow).output
    for version in ("1.31", "v1.31"):
        assert "api-goes-away" in run("-", "--kubernetes", version, stdin=flow).output
    assert run("-", "--kubernetes", "1.12", stdin=flow).exit_code == 2


def test_json_and_sarif_are_whole_documents() -> None:
    assert json.loads(run("-", "--format", "json", stdin=BAD).stdout)["counts"]["error"] >= 1
    assert json.loads(run("-", "--format", "sarif", stdin=BAD).stdout)["version"] == "2.1.0"


@pytest.mark.parametrize("rule", [rule.id for rule in checks.every()])
def test_every_rule_is_explained_and_listed(rule: str) -> None:
    result = run("--explain", rule)
    assert result.exit_code == 0
    assert rule in result.stdout
    assert "Wrong" in result.stdout


def test_a_misspelt_rule_has_a_suggestion() -> None:
    result = run("--explain", "wrong-typ")
    assert (result.exit_code, "wrong-type" in result.output) == (2, True)
    assert "unknown-field" in run("--list").stdout


def test_every_rule_has_a_page_and_gone_rules_none(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("old", encoding="utf-8")
    pages.write(tmp_path)
    assert {path.stem for path in tmp_path.glob("*.md")} == {"README", *(rule.id for rule in checks.every())}
    page = (tmp_path / "wrong-type.md").read_text(encoding="utf-8")
    assert "Put it in quotes" in page
    assert str(tmp_path.parent) not in "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.md"))
