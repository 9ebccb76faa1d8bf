"""What compose files set is what the services read: every variable is known, and none that is needed is missing."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from mela.kernel import settings
from mela.runtime import registry
from mela.runtime.settings import PlatformSettings

FILE = Path(__file__).parents[2] / "kubernetes" / "02-paytm-docker-multistage" / "developer" / "compose.yaml"
SERVICES = {
    name: service
    for name, service in yaml.safe_load(FILE.read_text(encoding="utf-8"))["services"].items()
    if service.get("command", [""])[0] == "serve"
}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_of_the_compose_file_could_start_with_its_variables(name: str) -> None:
    running, environ = SERVICES[name]["command"][1:], SERVICES[name]["environment"]
    classes: list[tuple[Any, str]] = [(registry.load(each).settings, f"MELA_{each.upper()}") for each in running]
    known = {v.name for cls, prefix in classes for v in settings.describe(cls, prefix)}
    for cls, prefix in classes:
        assert settings.read(cls, prefix, environ)
    rest = {key: value for key, value in environ.items() if key not in known}
    platform = settings.read(PlatformSettings, "MELA", rest)
    assert set(rest) <= {f"MELA_{field.name.upper()}" for field in dataclasses.fields(PlatformSettings)}
    asked = {used for each in running for used in registry.ENTRIES[each].uses}
    assert asked <= platform.peer_urls.keys()
