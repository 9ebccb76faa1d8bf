"""A service is measured as it runs, and the figures stand in a call graph that can be rehearsed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mela.rehearsal import calls
from tests.ports import free_port
from tests.proofs import components

MELA = Path(sys.executable).parent / "mela"


@pytest.mark.alone
def test_a_running_service_is_measured_into_a_call_graph(tmp_path: Path) -> None:
    components.need("wrk")
    port, file = free_port(), tmp_path / "calls.yaml"
    shutil.copy(Path(calls.__file__).parent / "data" / "calls" / "mela.yaml", file)
    url = f"http://127.0.0.1:{port}/api/catalog/products?q=rice"
    start = f"{MELA} up --port {port} --data {tmp_path / 'data'}"
    command = [
        str(MELA),
        "calibrate",
        url,
        "--start",
        start,
        "--seconds",
        "2",
        "--into",
        str(file),
        "--as",
        "catalog.search",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["start_s"] > 0.2
    assert found["start_cpu_s"] > 0.2
    assert 0.05 < found["cpu_ms"] < 50
    assert found["saturation_per_s"] > 20
    search = calls.load(str(file)).services["catalog"]
    assert search.operations["search"].cpu_ms == found["cpu_ms"] >= found["busy_cpu_ms"] > 0.05
    assert search.operations["search"].busy_cpu_ms == found["busy_cpu_ms"]
    assert 0 < search.operations["search"].cv == found["cv"] < 10
    assert found["steady"]["per_s"] < found["saturation_per_s"] / 2
    assert search.start_s == found["start_s"]
