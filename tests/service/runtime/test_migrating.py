"""Databases migrated before anything is served."""

from pathlib import Path

import pytest

from mela.runtime.migrating import migrate_all
from mela.runtime.settings import CannotStart, PlatformSettings


def test_the_first_migrates_and_the_next_finds_nothing_to_do(tmp_path: Path) -> None:
    settings = PlatformSettings(data=tmp_path)
    told = [list(migrate_all(["sms", "accounts"], settings, wait_s=0, waiting=pytest.fail)) for _ in range(2)]
    assert told == [[("sms", True), ("accounts", True)], [("sms", False), ("accounts", False)]]


def test_a_server_that_is_away_is_waited_for_then_named(tmp_path: Path) -> None:
    settings = PlatformSettings(data=tmp_path, database="postgresql://mela@127.0.0.1:1/{service}")
    said, pauses = list[str](), list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            object.__setattr__(settings, "database", "sqlite")  # the server has come

    assert list(migrate_all(["sms"], settings, wait_s=60, waiting=said.append, pause=pause)) == [("sms", True)]
    assert len(said) == 2
    assert "database of sms" in said[0]
    away = PlatformSettings(data=tmp_path, database="postgresql://mela@127.0.0.1:1/{service}")
    with pytest.raises(CannotStart, match="does not answer after 0 s"):
        list(migrate_all(["sms"], away, wait_s=0, waiting=said.append))
