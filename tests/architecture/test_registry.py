"""The registry is data about services; this holds it against the services themselves."""

import pytest

from mela.kernel import messages, rpc
from mela.runtime import registry


@pytest.mark.parametrize("name", registry.ENTRIES)
def test_row_says_what_the_service_declares(name: str) -> None:
    entry, service = registry.ENTRIES[name], registry.load(name)
    assert service.name == name
    assert {rpc.service_of(contract) for contract in service.uses} | {"accounts"} == set(entry.uses) | {"accounts"}


def test_callees_come_before_their_callers() -> None:
    seen: set[str] = set()
    for entry in registry.ENTRIES.values():
        assert set(entry.uses) <= seen
        seen.add(entry.name)


def test_every_event_heard_exists() -> None:
    for name in registry.ENTRIES:
        registry.load(name)
    for entry in registry.ENTRIES.values():
        assert all(messages.event_class(event) for event in entry.hears)
