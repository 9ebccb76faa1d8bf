"""A service starts alone: in a fresh interpreter its app module brings in no sibling."""

import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "src" / "mela" / "services"
NAMES = sorted(path.parent.name for path in SERVICES.glob("*/__init__.py"))

LIST_SERVICES = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.split(".")[2] for name in sys.modules if name.startswith("mela.services.")}))
"""


def services_loaded_by(module: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LIST_SERVICES, module], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_service_starts_without_its_siblings(name: str) -> None:
    assert services_loaded_by(f"mela.services.{name}.app") == {name}
