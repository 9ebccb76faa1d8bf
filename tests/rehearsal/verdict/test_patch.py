"""Changes in the files: the field and nothing else."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import manifests
from mela.cluster.objects import Path as FieldPath
from mela.cluster.objects import System
from mela.rehearsal.verdict import fields, patch
from mela.rehearsal.verdict.model import Change
from tests.rehearsal import match


def written(folder: Path, text: str = match.TEXT) -> tuple[Path, System]:
    file = folder / "match.yaml"
    file.write_text(text, encoding="utf-8")
    return file, manifests.read([str(file)])[0]


def change(things: System, kind: str, path: FieldPath, after: object) -> Change:
    (thing,) = things.kind(kind)
    return Change(thing, path, thing.get(*path), after)


def test_a_number_changes_and_its_comment_stays(tmp_path: Path) -> None:
    file, things = written(tmp_path)
    text = patch.edited([change(things, "HorizontalPodAutoscaler", ("spec", "maxReplicas"), 15)])[str(file)]
    assert text == match.TEXT.replace("maxReplicas: 10 #", "maxReplicas: 15 #")


def test_quotes_stay_quotes(tmp_path: Path) -> None:
    file, things = written(tmp_path)
    path = ("spec", "template", "spec", "containers", 0, "resources", "limits", "cpu")
    changes = [
        change(things, "Deployment", path, "1500m"),
        change(things, "ResourceQuota", ("spec", "hard", "pods"), "60"),
    ]
    text = patch.edited(changes)[str(file)]
    assert text == match.TEXT.replace('{cpu: "1"}', '{cpu: "1500m"}').replace('pods: "40"', 'pods: "60"')


def test_a_field_that_was_not_written_goes_into_its_map(tmp_path: Path) -> None:
    file, things = written(tmp_path)
    path = ("spec", "behavior", "scaleDown", "stabilizationWindowSeconds")
    text = patch.edited([change(things, "HorizontalPodAutoscaler", path, 600)])[str(file)]
    assert manifests.parse(text).kind("HorizontalPodAutoscaler")[0].get(*path) == 600
    added = [line for line in text.splitlines() if line not in match.TEXT.splitlines()]
    assert added == ["  behavior:", "    scaleDown:", "      stabilizationWindowSeconds: 600"]
    assert "  # raised before the cup\n  maxReplicas" in text


def test_a_field_goes_into_a_map_in_one_line_too(tmp_path: Path) -> None:
    file, things = written(tmp_path)
    path = ("spec", "template", "spec", "containers", 0, "resources", "requests", "memory")
    text = patch.edited([change(things, "Deployment", path, "64Mi")])[str(file)]
    assert "requests: {memory: 64Mi, cpu: 500m}" in text


def test_two_fields_of_one_line_and_two_new_fields_of_one_map_change_together(tmp_path: Path) -> None:
    text = match.TEXT.replace(
        "minReplicas: 4\n",
        "minReplicas: 4\n  behavior: {scaleDown: {stabilizationWindowSeconds: 60, selectPolicy: Max}}\n",
    )
    file, things = written(tmp_path, text)
    container = ("spec", "template", "spec", "containers", 0, "resources")
    down, up = ("spec", "behavior", "scaleDown"), ("spec", "behavior", "scaleUp")
    changes = [
        change(things, "HorizontalPodAutoscaler", (*down, "selectPolicy"), "Disabled"),
        change(things, "HorizontalPodAutoscaler", (*down, "stabilizationWindowSeconds"), 3600),
        change(things, "HorizontalPodAutoscaler", (*up, "stabilizationWindowSeconds"), 0),
        change(things, "HorizontalPodAutoscaler", (*up, "selectPolicy"), "Max"),
        change(things, "Deployment", (*container, "requests", "cpu"), "250m"),
    ]
    (hpa,) = manifests.parse(patch.edited(changes)[str(file)]).kind("HorizontalPodAutoscaler")
    assert hpa.get(*down) == {"stabilizationWindowSeconds": 3600, "selectPolicy": "Disabled"}
    assert hpa.get(*up) == {"stabilizationWindowSeconds": 0, "selectPolicy": "Max"}


def test_the_diff_applies_with_git_and_with_patch(tmp_path: Path) -> None:
    file, things = written(tmp_path, match.TEXT.rstrip("\n"))  # without a last newline
    changes = [
        change(things, "HorizontalPodAutoscaler", ("spec", "maxReplicas"), 15),
        change(things, "ResourceQuota", ("spec", "hard", "pods"), "60"),
    ]
    wanted = patch.edited(changes)[str(file)]
    diff = patch.unified(changes, tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, check=True)
    assert file.read_text(encoding="utf-8") == wanted
    if shutil.which("patch"):
        subprocess.run(["patch", "-p1", "-R", "-s"], cwd=tmp_path, input=diff, text=True, check=True)
        assert file.read_text(encoding="utf-8") == match.TEXT.rstrip("\n")


def test_what_a_tool_made_is_not_patched(tmp_path: Path) -> None:
    file, things = written(tmp_path)
    file.write_text("# something else\n", encoding="utf-8")
    with pytest.raises(patch.CannotPatch, match="a tool made it, or it changed since"):
        patch.edited([change(things, "HorizontalPodAutoscaler", ("spec", "maxReplicas"), 15)])
    file.unlink()
    with pytest.raises(patch.CannotPatch, match="maxReplicas = 15"):
        patch.edited([change(things, "HorizontalPodAutoscaler", ("spec", "maxReplicas"), 15)])


def test_an_anchor_that_two_objects_share_is_left_alone(tmp_path: Path) -> None:
    text = match.TEXT.replace("maxReplicas: 10", "maxReplicas: &n 10").replace("minReplicas: 4", "minReplicas: *n")
    _, things = written(tmp_path, text)
    with pytest.raises(patch.CannotPatch):
        patch.edited([change(things, "HorizontalPodAutoscaler", ("spec", "minReplicas"), 15)])


@given(st.integers(0, 10**9), st.sampled_from(["cpu", "memory"]))
def test_a_number_is_read_back_from_its_quantity(number: int, unit: str) -> None:
    assert fields.number(fields.written(number, unit, ""), unit) == number


def test_the_system_changes_and_the_old_one_does_not() -> None:
    things = match.system()
    altered = fields.changed(things, [change(things, "HorizontalPodAutoscaler", ("spec", "maxReplicas"), 15)])
    assert altered.kind("HorizontalPodAutoscaler")[0].get("spec", "maxReplicas") == 15
    assert things.kind("HorizontalPodAutoscaler")[0].get("spec", "maxReplicas") == 10
    assert altered.kind("Deployment")[0] is things.kind("Deployment")[0]
