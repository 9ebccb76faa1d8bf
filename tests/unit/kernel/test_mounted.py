"""Files that change while we run: a mounted Secret, as the kubelet changes it."""

from pathlib import Path

import pytest

from mela.kernel import auth, mounted, settings


def mount(folder: Path, version: str, **files: str) -> None:
    """As the kubelet does: a new folder beside, then one link to it is swapped; the files are links through it."""
    fresh = folder / f"..{version}"
    fresh.mkdir(parents=True)
    for name, text in files.items():
        (fresh / name).write_text(text)
    link = folder / "..swap"
    link.symlink_to(fresh.name)
    link.rename(folder / "..data")
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data") / name)


def test_a_mounted_secret_is_read_anew_and_its_bookkeeping_is_not(tmp_path: Path) -> None:
    folder = mounted.Folder(tmp_path, again_s=0)
    assert folder.texts() == {}
    mount(tmp_path, "one", MELA_TOKEN="first\n")
    assert folder.texts() == {"MELA_TOKEN": "first"}
    mount(tmp_path, "two", MELA_TOKEN="second\n")
    assert folder.texts() == {"MELA_TOKEN": "second"}


def test_a_folder_is_not_read_at_every_call(tmp_path: Path) -> None:
    folder = mounted.Folder(tmp_path, again_s=3600)
    assert folder.texts() == {}
    (tmp_path / "MELA_TOKEN").write_text("late")
    assert folder.texts() == {}


def test_a_folder_that_is_missing_holds_nothing(tmp_path: Path) -> None:
    assert mounted.Folder(tmp_path / "nowhere").texts() == {}


def test_a_file_that_is_no_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MELA_TOKEN").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="MELA_TOKEN"):
        mounted.texts(tmp_path)
    monkeypatch.setenv("MELA_SECRETS", str(tmp_path))
    with pytest.raises(settings.SettingsError, match="MELA_TOKEN"):
        settings.environment()


def test_a_file_stands_for_the_variable_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "MELA_TOKEN").write_text("from the file\n")
    monkeypatch.setenv("MELA_SECRETS", str(tmp_path))
    monkeypatch.setenv("MELA_TOKEN", "from the environment")
    assert settings.environment()["MELA_TOKEN"] == "from the file"


def test_while_a_token_is_changed_the_old_and_the_new_one_are_good(tmp_path: Path) -> None:
    (old, old_hash), (new, new_hash) = auth.new_token("service"), auth.new_token("service")
    callers = auth.Callers({}, tmp_path)
    callers._folder = mounted.Folder(tmp_path, again_s=0)
    (tmp_path / "orders").write_text(f"{old_hash}\n")
    assert (callers.name(old), callers.name(new)) == ("orders", None)
    (tmp_path / "orders").write_text(f"{new_hash}\n{old_hash}\n")
    assert (callers.name(old), callers.name(new)) == ("orders", "orders")
    (tmp_path / "orders").write_text(new_hash)
    assert (callers.name(old), callers.name(new)) == (None, "orders")


def test_where_nobody_is_named_nobody_may_call(tmp_path: Path) -> None:
    token, kept = auth.new_token("service")
    assert not auth.Callers({})
    assert auth.Callers({}, tmp_path)
    assert auth.Callers({}, tmp_path).name(token) is None
    assert auth.Callers({"orders": kept}).name(token) == "orders"
