"""`.env.example` names every variable that a person may need, with the default that the code has."""

import re
from pathlib import Path

import pytest

from mela.kernel import settings
from mela.kernel.web.app import WebSettings
from mela.runtime import registry
from mela.runtime.settings import PlatformSettings

TEXT = (Path(__file__).parents[2] / ".env.example").read_text()
SHOWN = dict(re.findall(r"^# (MELA_\w+)=(.*)$", TEXT, re.MULTILINE))


@pytest.mark.parametrize(("cls", "prefix"), [(PlatformSettings, "MELA"), (WebSettings, "MELA_WEB")])
def test_platform_variables_are_shown_with_their_defaults(cls: type, prefix: str) -> None:
    known = {variable.name: variable.default for variable in settings.describe(cls, prefix)}
    assert {name: SHOWN.get(name) for name in known} == known


@pytest.mark.parametrize("name", registry.ENTRIES)
def test_variables_that_a_service_cannot_do_without_are_shown(name: str) -> None:
    variables = settings.describe(registry.load(name).settings, f"MELA_{name.upper()}")
    assert {variable.name for variable in variables if variable.default is None} <= SHOWN.keys()


def test_no_variable_is_shown_that_nobody_reads() -> None:
    classes = {"MELA": PlatformSettings, "MELA_WEB": WebSettings}
    classes |= {f"MELA_{name.upper()}": registry.load(name).settings for name in registry.ENTRIES}
    known = {variable.name for prefix, cls in classes.items() for variable in settings.describe(cls, prefix)}
    assert SHOWN.keys() <= known
