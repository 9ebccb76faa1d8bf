"""Who measures time has the machine for itself, however many processes run the tests."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import pathlib, time, pytest

HERE = pathlib.Path(__file__).parent

@pytest.mark.alone
@pytest.mark.parametrize("number", range(3))
def test_alone(number):
    assert list(HERE.glob("under-way-*")) == []
    (HERE / "alone").touch()
    time.sleep(0.1)
    (HERE / "alone").unlink()

@pytest.mark.parametrize("number", range(20))
def test_beside_others(number):
    mine = HERE / f"under-way-{number}"
    mine.touch()
    for _ in range(10):
        assert not (HERE / "alone").exists()
        time.sleep(0.002)
    mine.unlink()
"""


def test_no_other_test_is_under_way_beside_one_that_is_alone(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    shared = (ROOT / "tests" / "conftest.py").read_text()
    (tmp_path / "conftest.py").write_text(shared)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = alone\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "3", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False)
    assert "23 passed" in done.stdout, done.stdout + done.stderr
