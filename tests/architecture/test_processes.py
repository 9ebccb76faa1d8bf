"""A service starts alone: in a fresh interpreter its app module brings in no sibling."""

import pytest

from tests.architecture import processes

NAMES = sorted(path.parent.name for path in processes.SOURCE.glob("mela/services/*/__init__.py"))


def test_there_are_services_to_start() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_service_starts_without_its_siblings(name: str) -> None:
    assert processes.services_loaded_by(f"mela.services.{name}.app") == {name}
