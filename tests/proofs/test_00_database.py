"""The suites that run on any database, on a real PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres
from tests.proofs import components

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(1_500)
def test_00_every_suite_of_the_databases_passes_on_postgresql() -> None:
    components.need("postgres")
    with postgres.server(options=postgres.CARELESS) as url:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "2", "-k", "postgresql", "tests/contract", "tests/service"],
            cwd=ROOT, env={**os.environ, "MELA_TEST_POSTGRES": url}, capture_output=True, text=True, check=False, timeout=1_400,
        )  # fmt: skip
    print(done.stdout[-2_000:])
    assert done.returncode == 0, done.stdout + done.stderr
