"""Killed between two statements: nothing lost, nothing done twice. Every ninth step; the proofs take each."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_a_story_that_dies_at_many_steps_comes_right_after_a_restart(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.contract.events.dying",
        "sqlite",
        "memory",
        str(tmp_path),
        "1",
        "4",
    ]  # each step: the proofs
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=55)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["wrong"] == []
    assert outcome["died"] > 10
