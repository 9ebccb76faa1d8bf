"""Killed between any two statements, on real databases and a real broker: nothing lost, nothing done twice.

The ordinary run dies at a sample of the steps, the long run at each.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres
from tests.proofs import components, kafka

ROOT = Path(__file__).parents[2]


def die(folder: Path, engine: str, carrier: str, steps: tuple[int, int, int]) -> dict[str, list[int] | int]:
    command = [sys.executable, "-m", "tests.contract.events.dying", engine, carrier, str(folder), *map(str, steps)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    outcome: dict[str, list[int] | int] = json.loads(done.stdout.splitlines()[-1])
    print(engine, carrier.split(":", maxsplit=1)[0], outcome)
    return outcome


def prove(
    folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str, carrier: str, steps: tuple[int, int, int]
) -> None:
    """`steps`: first, step width, last."""
    components.need(*(["postgres"] if engine == "postgresql" else []), *(["java", "mvn"] if carrier == "kafka" else []))
    if engine == "postgresql":
        with postgres.server(options=postgres.CARELESS) as url:
            monkeypatch.setenv("MELA_TEST_POSTGRES", url)
            outcome = _carried(folder, engine, carrier, steps)
    else:
        outcome = _carried(folder, engine, carrier, steps)
    assert outcome["wrong"] == []
    assert outcome["died"]


def _carried(folder: Path, engine: str, carrier: str, steps: tuple[int, int, int]) -> dict[str, list[int] | int]:
    if carrier == "memory":
        return die(folder, engine, carrier, steps)
    with kafka.broker() as servers:
        return die(folder, engine, servers, steps)


SAMPLES = {
    ("sqlite", "memory"): (1, 1, 10_000),
    ("postgresql", "memory"): (1, 5, 10_000),
    ("sqlite", "kafka"): (3, 17, 60),
    ("postgresql", "kafka"): (5, 13, 50),
}


@pytest.mark.parametrize(
    ("engine", "carrier"),
    [pytest.param(*each, marks=pytest.mark.xdist_group("kafka") if "kafka" in each else ()) for each in SAMPLES],
)
def test_00_a_story_that_dies_comes_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, carrier: str
) -> None:
    prove(tmp_path, monkeypatch, engine, carrier, SAMPLES[engine, carrier])


@pytest.mark.long
@pytest.mark.parametrize("carrier", ["memory", "kafka"])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_00_a_story_that_dies_at_each_step_comes_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, carrier: str
) -> None:
    prove(tmp_path, monkeypatch, engine, carrier, (1, 1, 400))
