"""`tools/cluster/cluster` says in a sentence what it needs, and names every program that it compiles where it can be found."""

import re
import subprocess
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "cluster"


def run(*words: str, tmp_path: Path) -> tuple[int, str]:
    places = {
        "PATH": "/usr/bin:/bin",
        "CLUSTER_CACHE": str(tmp_path / "cache"),
        "CLUSTER_RUN": str(tmp_path / "run"),
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [TOOL / "cluster", *words], env=places, capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("up", "12"), "from 1 to 9 nodes, not 12"),
        (("load",), "load which image?"),
        (("kwok", "many"), "how many simulated nodes?"),
        (("lose", "7"), "no node 7 of ours"),
        (("kill", "somebody"), "which pod? its metadata.uid"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    code, text = run(*words, tmp_path=tmp_path)
    assert (code, told in text) == (1, True), text


def test_without_a_command_it_explains_itself(tmp_path: Path) -> None:
    code, text = run(tmp_path=tmp_path)
    assert code == 2
    assert all(f"cluster {word}" in text for word in ("up", "down", "load", "build", "lose", "kwok", "kill", "needs"))


def test_every_program_comes_from_a_module_of_its_folder() -> None:
    rows = [line.split() for line in (TOOL / "programs").read_text().splitlines() if not line.startswith("#")]
    for _name, folder, module, package, seconds, group in rows:
        text = (TOOL / folder / "go.mod").read_text()
        assert re.search(rf"^\s*{re.escape(module)} v", text, re.MULTILINE), module
        assert package.startswith(module)
        assert package in text
        assert int(seconds) > 0
        assert group in ("up", "extra")
