"""Keys of personal data, as `mela keys` sees them."""

from pathlib import Path

import pytest

from mela.kernel.clock import SystemClock
from mela.kernel.db.migrate import migrate
from mela.kernel.sealed.files import FileProvider
from mela.runtime import registry, sealing
from mela.runtime.settings import CannotStart, PlatformSettings


@pytest.fixture
def settings(tmp_path: Path) -> PlatformSettings:
    """A laptop on which accounts has been started once."""
    settings = PlatformSettings(data=tmp_path)
    accounts = registry.load("accounts")
    migrate(settings.database_url("accounts"), service="accounts", package=str(accounts.migrations))
    sealing.keyring(accounts, settings, SystemClock())
    return settings


def test_a_new_key_comes_first_and_the_providers_newest_wraps_all(settings: PlatformSettings) -> None:
    sealing.rotate_provider(settings)
    assert sealing.keys_of("accounts", settings)[0]["newest_kek"] is False
    assert sealing.begin("accounts", settings) == 2
    newest, first, *indexes = sealing.keys_of("accounts", settings)
    assert (newest["key"], first["key"]) == (2, 1)
    assert [(each["purpose"], each["key"]) for each in indexes] == [("index", 2), ("index", 1)]
    assert newest["newest_kek"]
    assert first["newest_kek"]
    assert newest["values"] == {"customers": 0, "codes": 0}


def test_services_without_personal_data_or_without_keys_are_told_apart(settings: PlatformSettings) -> None:
    assert sealing.check([]) == ["accounts", "payments", "orders", "settlement", "webhooks"]
    with pytest.raises(CannotStart, match="catalog has no sealed"):
        sealing.check(["catalog"])
    with pytest.raises(CannotStart, match="orders has no keys here yet"):
        sealing.keys_of("orders", settings)


def test_lost_keys_are_a_reason_not_to_start(settings: PlatformSettings) -> None:
    (settings.data / "keys.json").unlink()
    with pytest.raises(CannotStart, match="cannot be used"):
        sealing.keyring(registry.load("accounts"), settings, SystemClock())


def test_a_servers_database_needs_somebody_who_holds_the_keys(tmp_path: Path) -> None:
    server = PlatformSettings(data=tmp_path, database="postgresql://mela@db/{service}")
    with pytest.raises(CannotStart, match="nobody said who holds the keys"):
        server.keys_url()
    file = (tmp_path / "elsewhere.json").as_uri()
    assert PlatformSettings(data=tmp_path, database=server.database, keys=file).keys_url() == file


def test_a_holder_that_cannot_write_says_so(settings: PlatformSettings) -> None:
    file = settings.data / "keys.json"
    (settings.data / "keys.json.new").mkdir()  # root may write anywhere: a folder in the way does the same
    with pytest.raises(CannotStart, match="cannot be written"):
        sealing.rotate_provider(settings)
    assert FileProvider(file).is_newest("1:x")
