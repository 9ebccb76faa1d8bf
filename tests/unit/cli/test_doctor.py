"""`mela doctor` says what is wrong with a data folder before the platform stumbles over it."""

from pathlib import Path
from typing import NamedTuple

import pytest

from mela.cli import doctor


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def found(folder: Path) -> dict[str, doctor.Finding]:
    return {each.what: each for each in doctor._settings(folder)}


def test_a_folder_is_looked_at_where_it_was_named(tmp_path: Path) -> None:
    (tmp_path / "orders.db").write_bytes(b"x" * 2**20)
    (tmp_path / "orders.db-wal").write_bytes(b"x" * 2**20)
    told = found(tmp_path)["data folder"]
    assert (told.ok, told.found) == (True, f"{tmp_path}: 1 databases, 2.0 MiB")


def test_a_folder_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    told = found(tmp_path / "new")["data folder"]
    assert told.ok is None
    assert "--data" in told.fix


def test_a_file_in_the_place_of_the_folder_is_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert found(tmp_path / "file")["data folder"].ok is False


def test_a_disk_that_is_nearly_full_is_wrong_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(2**30, 2**30 - 2**20, 2**20))
    told = found(tmp_path)["free disk"]
    assert told.ok is False
    assert "make room" in told.fix
