"""The runner that compares files of decisions: `python -m tests.cluster.agree`."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import agree
from tests.cluster.agree import __main__ as runner

POD = {"namespace": "shop", "name": "p", "labels": {}, "ip": "10.0.0.1", "ports": []}
FLOW = {
    "from": "203.0.113.7",
    "to": "shop/p",
    "port": 80,
    "protocol": "TCP",
    "resolvedPort": 80,
    "allowed": True,
    "egressAllowed": True,
    "egressPolicies": [],
    "egressAllowedBy": [],
    "ingressAllowed": True,
    "ingressPolicies": [],
    "ingressAllowedBy": [],
}


def case(name: str, **flow: Any) -> str:
    made = {"id": name, "namespaces": [], "pods": [POD], "policies": [], "flows": [FLOW | flow]}
    return json.dumps(made) + "\n"


def written(folder: Path, *lines: str, name: str = "networkpolicy-seed7.jsonl") -> Path:
    file = folder / name
    text = "".join(lines).encode()
    file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return file


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("hpa-seed7.jsonl.gz", "hpa"),
        ("pod-security.jsonl", "pod-security"),
        ("pod_security_more.jsonl.gz", "pod-security"),
        ("quota.jsonl.gz", "quota"),
    ],
)
def test_a_file_tells_its_area_by_its_name(name: str, area: str) -> None:
    assert agree.area_of(Path(name)) == area


@pytest.mark.parametrize("name", ["networkpolicy-seed7.jsonl", "networkpolicy.jsonl.gz"])
def test_all_agree_is_success_packed_or_not(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert runner.main([str(written(tmp_path, case("a"), "\n", case("b"), name=name))]) == 0
    assert f"{name}: 2 of 2 agree" in capsys.readouterr().out


def test_one_disagreement_is_a_failure_and_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([str(written(tmp_path, case("a"), case("b", ingressAllowed=False)))]) == 1
    shown = capsys.readouterr().out
    assert "1 of 2 agree" in shown
    assert "flows[0].ingressAllowed: ours True, upstream False" in shown


def test_a_case_that_breaks_our_code_is_one_that_disagrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([str(written(tmp_path, '{"id": "odd"}\n', case("b")))]) == 1
    assert "1 of 2 agree" in capsys.readouterr().out


@pytest.mark.parametrize("lines", [(), ("not json\n",)])
def test_a_file_without_cases_is_a_failure(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert runner.main([str(written(tmp_path, *lines))]) == 1


def test_an_unknown_name_or_a_missing_file_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([str(written(tmp_path, name="orders.jsonl"))]) == 1
    assert "must begin with one of hpa" in capsys.readouterr().out
    assert runner.main([str(tmp_path / "quota.jsonl")]) == 1
