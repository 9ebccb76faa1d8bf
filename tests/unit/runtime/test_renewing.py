"""Secrets that lie in a folder are those of now; everything else is that of the start."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mela.kernel import mounted
from mela.kernel import settings as kernel_settings
from mela.runtime.renewing import Renewed


@dataclass(frozen=True)
class Settings:
    """Of a service."""

    url: str
    key: str = field(repr=False, metadata={"secret": True, "help": "A key."})
    before: tuple[str, ...] = field(default=(), repr=False, metadata={"secret": True, "help": "Keys of before."})

    def __post_init__(self) -> None:
        if self.key == "refused":
            raise ValueError("no such key")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "MELA_SHOP_KEY").write_text("first\n")
    return tmp_path


def renewed(folder: Path, **more: str) -> Renewed[Settings]:
    environ = {"MELA_SHOP_URL": "http://there", "MELA_SHOP_KEY": "first", **more}
    at_start = kernel_settings.read(Settings, "MELA_SHOP", environ)
    return Renewed(at_start, "MELA_SHOP", environ, mounted.Folder(folder, again_s=0.0))


def test_a_secret_in_the_folder_is_that_of_now(folder: Path) -> None:
    current = renewed(folder)
    assert current().key == "first"
    (folder / "MELA_SHOP_KEY").write_text("second")
    (folder / "MELA_SHOP_BEFORE").write_text("first")
    assert (current().key, current().before) == ("second", ("first",))
    (folder / "MELA_SHOP_BEFORE").unlink()
    assert current().before == ()


def test_what_is_no_secret_stays(folder: Path) -> None:
    current = renewed(folder)
    (folder / "MELA_SHOP_URL").write_text("http://elsewhere")
    assert current().url == "http://there"


def test_the_same_settings_are_the_same_object(folder: Path) -> None:
    current = renewed(folder)
    assert current() is current()


@pytest.mark.parametrize("content", [b"refused", b"\xff\xfe", b""])
def test_files_that_cannot_be_taken_change_nothing_and_are_told_once(
    folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    current = renewed(folder)
    (folder / "MELA_SHOP_KEY").write_bytes(content)
    assert (current().key, current().key) == ("first", "first")
    assert capsys.readouterr().out.count("secrets cannot be taken") == 1
    (folder / "MELA_SHOP_KEY").write_text("third")
    assert current().key == "third"
