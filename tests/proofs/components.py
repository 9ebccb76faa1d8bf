"""Programs that proofs need and that no Python package brings."""

import os
import shutil
from pathlib import Path

import pytest

# Program, Debian package. `.ci/run` installs the same ones.
PACKAGES = {
    "docker": "docker.io",
    "java": "default-jdk-headless",
    "mvn": "maven",
    "postgres": "postgresql",
    "strace": "strace",
    "wrk": "wrk",
}


def find(program: str) -> Path | None:
    """Where a program is; Debian keeps PostgreSQL's off the PATH."""
    folders = [os.defpath, os.environ.get("PATH", ""), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(program, path=os.pathsep.join(folders))
    return Path(found) if found else None


def need(*programs: str) -> None:
    """Leaves the proof as not run, saying how to get what is missing."""
    if missing := [program for program in programs if find(program) is None]:
        packages = " ".join(PACKAGES[program] for program in missing)
        pytest.skip(f"not run: needs {', '.join(missing)} (apt-get install {packages})")
