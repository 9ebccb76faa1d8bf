"""What a fresh interpreter brings in with one module."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"

LIST_SERVICES = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sorted({name.split(".")[2] for name in sys.modules if name.startswith("mela.services.")}))
"""


def services_loaded_by(module: str, source: Path = SOURCE) -> set[str]:
    """Names of the services that importing a module below `source` brings in."""
    done = subprocess.run(
        [sys.executable, "-c", LIST_SERVICES, module],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
