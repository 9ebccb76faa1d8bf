"""Known failures become a sentence, and nobody waits for a program that has nothing to do with them."""

import importlib
import subprocess
import sys

import pytest

from mela.cli import failures


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, name, _ in failures._SENTENCES])
def test_every_failure_that_has_a_sentence_exists(module: str, name: str) -> None:
    assert issubclass(getattr(importlib.import_module(module), name), Exception)


def test_a_mistyped_event_is_told_without_loading_the_services() -> None:
    script = """import sys
from mela.cli import main
try:
    main(["rehearse", "--event", "match-2091"])
finally:
    print(sorted({"fastapi", "sqlalchemy", "httpx2"} & sys.modules.keys()))
"""
    ran = subprocess.run([sys.executable, "-c", script, "rehearse"], capture_output=True, text=True, check=False)
    assert "there is no such event" in " ".join(ran.stderr.split())
    assert ran.stdout.strip() == "[]"
