"""Each rule of the house fails when it is broken.

A copy of the source gets one violation per rule, all at once; the checkers then must name each of them.
नियम वही टिकते हैं जिनकी जाँच होती है।
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mela.kernel import i18n
from tests.architecture import processes, translations

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

# Files planted in the copy of src/mela, with what they import.
PLANTED = {
    "planted/__init__.py": "",
    "kernel/planted.py": "import mela.cluster.planted",
    "kernel/planted_ring/one.py": "import mela.kernel.planted_ring.two",
    "kernel/planted_ring/two.py": "import mela.kernel.planted_ring.one",
    "contracts/planted.py": "",
    "contracts/planted_bridge.py": "import mela.services.planted_two.model",
    "contracts/planted_web.py": "import fastapi",
    "cluster/planted.py": "import sqlalchemy",
    "cluster/planted_sibling.py": "import mela.contracts.planted",
    "simulators/planted.py": "import mela.contracts.planted",
    "services/planted_one/routes.py": "import mela.services.planted_one.store",
    "services/planted_one/handlers.py": "import mela.services.planted_one.routes",
    "services/planted_one/service.py": "import mela.services.planted_one.tables",
    "services/planted_one/store.py": "import mela.services.planted_two.store",
    "services/planted_one/tables.py": "",
    "services/planted_one/rules.py": "import mela.contracts.planted_web",
    "services/planted_one/model.py": "import mela.services.planted_one.rules\nimport mela.kernel.db",
    "services/planted_one/helpers.py": "",
    "services/planted_one/jobs.py": "import mela.contracts.planted_bridge",
    "services/planted_two/store.py": "",
    "services/planted_two/model.py": "import click",
}

# What lint-imports must say, by the rule it is about.
IMPORTS = {
    "1 layers point down": "mela.kernel is not allowed to import mela.cluster:",
    "1 layers include the services": "mela.contracts is not allowed to import mela.services:",
    "1 neighbours in a layer are apart": "mela.cluster is not allowed to import mela.contracts:",
    "1 every package has a place": "- mela.planted\n",
    "1b simulators know the kernel only": "mela.simulators.planted -> mela.contracts.planted (l.",
    "2 siblings, directly": "mela.services.planted_one.store -> mela.services.planted_two.store (l.",
    "2 siblings, by a detour": "mela.contracts.planted_bridge -> mela.services.planted_two.model (l.",
    "3 inside a service, downwards": (
        "mela.services.planted_one.model is not allowed to import mela.services.planted_one.rules:"
    ),
    "3 inside a service, side by side": (
        "mela.services.planted_one.handlers is not allowed to import mela.services.planted_one.routes:"
    ),
    "3 inside a service, every file has a place": "- mela.services.planted_one.helpers\n",
    "4 cluster has no database": "mela.cluster is not allowed to import sqlalchemy:",
    "4 rules have no web, by a detour": "mela.services.planted_one.rules is not allowed to import fastapi:",
    "4 contracts have no web": "mela.contracts is not allowed to import fastapi:",
    "4 models have no command line": "mela.services.planted_two.model is not allowed to import click:",
    "4 models have no kernel.db": "mela.services.planted_one.model is not allowed to import mela.kernel.db:",
    "5 tables belong to the store": "- mela.services.planted_one.service -> mela.services.planted_one.tables (l.",
    "5 the store belongs to the service": "- mela.services.planted_one.routes -> mela.services.planted_one.store (l.",
    "6 no cycles": "No cycles are allowed in mela.kernel.planted_ring.",
}

BANNED = [
    "datetime.datetime.now(datetime.UTC)",
    "datetime.datetime.utcnow()",
    "datetime.datetime.today()",
    "datetime.date.today()",
    "time.time()",
    "time.time_ns()",
    "import random",
    "from secrets import token_hex",
    "os.urandom(8)",
    "uuid.uuid1()",
    "uuid.uuid4()",
    "os.environ",
    "os.getenv('HOME')",
]


def plant(copy: Path) -> None:
    """Puts the planted files into the copy, with the `__init__.py` that each new folder needs."""
    for name, text in PLANTED.items():
        path = copy / "src" / "mela" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in path.relative_to(copy / "src").parents[:-1]:
            (copy / "src" / folder / "__init__.py").touch()
        path.write_text(f"{text}\n")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the configuration and the source, violations planted."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", copy)
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.yaml"))
    plant(copy)
    return copy


def run(copy: Path, program: str, *arguments: str) -> str:
    """Output of a checker that must complain about the copy; wide enough that no line is broken."""
    environ = {**os.environ, "PYTHONPATH": str(copy / "src"), "COLUMNS": "500", "NO_COLOR": "1"}
    done = subprocess.run(
        [BIN / program, *arguments], cwd=copy, env=environ, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def import_report(copy: Path) -> str:
    return run(copy, "lint-imports", "--no-logo", "--no-cache")


@pytest.mark.parametrize("rule", IMPORTS)
def test_a_broken_import_rule_is_reported(rule: str, import_report: str) -> None:
    assert IMPORTS[rule] in import_report


def test_a_sibling_that_comes_along_is_noticed(copy: Path) -> None:
    assert processes.services_loaded_by("mela.services.planted_one.store", copy / "src") == {
        "planted_one",
        "planted_two",
    }


def banned_lines(copy: Path, name: str) -> set[int]:
    """Lines on which ruff reports the ban, in a module that uses everything banned from line 2 on."""
    path = copy / "src" / "mela" / name
    path.write_text("import datetime, os, time, uuid\n" + "\n".join(BANNED) + "\n")
    found = json.loads(run(copy, "ruff", "check", "--no-cache", "--output-format", "json", str(path)))
    return {finding["location"]["row"] for finding in found if finding["code"] == "TID251"}


def test_each_banned_call_is_reported(copy: Path) -> None:
    assert banned_lines(copy, "cluster/planted_calls.py") == set(range(2, 2 + len(BANNED)))


@pytest.mark.parametrize("module", ["clock.py", "ids.py", "settings.py"])
def test_the_kernels_own_modules_may_use_them(module: str, copy: Path) -> None:
    assert banned_lines(copy, f"kernel/{module}") == set()


def test_an_undeclared_dependency_is_reported(copy: Path) -> None:
    (copy / "src" / "mela" / "kernel" / "planted_library.py").write_text("import scipy\n")
    done = subprocess.run([BIN / "deptry", "src"], cwd=copy, capture_output=True, text=True, check=False, timeout=50)
    assert "'scipy' imported but missing" in done.stderr


@pytest.mark.parametrize("missing", ["hi", "ta", "te", "kn"])
def test_a_missing_translation_is_reported(missing: str, tmp_path: Path) -> None:
    texts = {"en": "Cart", "hi": "टोकरी", "ta": "கூடை", "te": "బుట్ట", "kn": "ಬುಟ್ಟಿ"}
    file = tmp_path / "orders" / "data" / "messages.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"orders.cart": texts}))
    assert i18n.check(translations.load(tmp_path)) == []
    del texts[missing]
    file.write_text(json.dumps({"orders.cart": texts}))
    assert any("orders.cart" in problem for problem in i18n.check(translations.load(tmp_path)))
