"""`mela rehearse` as a person types it: it explains itself, breaks at a stated minute, and its patch mends what broke."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from mela.rehearsal import example

MELA = str(Path(sys.executable).parent / "mela")


def mela(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([MELA, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=600)


def own_copy(folder: Path) -> list[str]:
    """The example as one's own files."""
    for name, file in (("match.yaml", example.MANIFESTS), ("event.yaml", example.EVENT), ("calls.yaml", example.CALLS)):
        shutil.copy(file, folder / name)
    return ["rehearse", "match.yaml", "--event", "event.yaml", "--calls", "calls.yaml"]


def test_the_example_breaks_in_the_last_overs_and_its_patch_holds_in_full_steps(tmp_path: Path) -> None:
    asked = own_copy(tmp_path)
    broke = mela(tmp_path, *asked, "--fix", "--html", "match.html")
    assert broke.returncode == 1, broke.stderr
    assert "“Last five overs”" in broke.stdout
    assert "match.yaml:28" in broke.stdout
    assert (tmp_path / "match.html").stat().st_size < 400_000

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "rehearsal.patch"], cwd=tmp_path, check=True)
    held = mela(tmp_path, *asked, "--no-search")
    assert held.returncode == 0, held.stdout
    assert held.stdout.startswith("It holds.")
    assert "# enough for every match so far" in (tmp_path / "match.yaml").read_text(encoding="utf-8")


def test_two_processes_say_the_same_bytes(tmp_path: Path) -> None:
    asked = own_copy(tmp_path)
    said = [mela(tmp_path, *asked, "--quick", "--seed", "7", "--json", "--html", f"{name}.html") for name in "ab"]
    assert said[0].stdout == said[1].stdout
    assert json.loads(said[0].stdout)["held"] is False
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_one_replica_less_than_the_change_breaks(tmp_path: Path) -> None:
    asked = own_copy(tmp_path)
    (change,) = json.loads(mela(tmp_path, *asked, "--quick", "--json").stdout)["mend"]["changes"]
    text = (tmp_path / "match.yaml").read_text(encoding="utf-8")
    (tmp_path / "match.yaml").write_text(
        text.replace("maxReplicas: 12", f"maxReplicas: {change['becomes'] - 1}"), encoding="utf-8"
    )
    assert mela(tmp_path, *asked, "--quick", "--no-search").returncode == 1
