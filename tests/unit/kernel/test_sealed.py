"""Keys and what they seal."""

import json
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table

from mela.kernel.clock import FakeClock
from mela.kernel.sealed import BlindIndex, CannotOpen, Keyring, KeysUnusable, found_by
from mela.kernel.sealed.files import FileProvider, make_file
from mela.kernel.sealed.keyring import SEARCHED_S, Kept, Wrapped, about, hashed_by
from mela.kernel.sealed.opening import open_provider

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)


class Rack:
    """Keys of a service without a database."""

    def __init__(self, folder: Path, service: str = "accounts") -> None:
        self.provider = open_provider(make_file(folder / "keys.json"))
        self.service = service
        self.clock = FakeClock(NOW)
        self.rows: list[Wrapped] = []
        self.whole: frozenset[str] = frozenset()
        for purpose in ("index", "seal", "lasting"):
            self.add(purpose, 1)
        self.keys = self.open()

    def add(self, purpose: str, number: int, secret: bytes = b"") -> None:
        wrapped = self.provider.wrap(secret or bytes([number]) * 32, about(self.service, purpose, number))
        self.rows.append(Wrapped(purpose, number, wrapped, self.clock.now()))

    def open(self) -> Keyring:
        return Keyring(self.service, lambda: Kept(list(self.rows), self.whole), self.provider, self.clock)


@pytest.fixture(scope="module")
def rack(tmp_path_factory: pytest.TempPathFactory) -> Rack:
    return Rack(tmp_path_factory.mktemp("rack"))


@given(text=st.text(), identity=st.text(max_size=40))
def test_what_is_sealed_opens_in_its_own_row_and_nowhere_else(rack: Rack, text: str, identity: str) -> None:
    kept = rack.keys.seal(text, "customers.name", identity)
    assert rack.keys.open(kept, "customers.name", identity) == text
    for name, row in (("customers.name", identity + "x"), ("customers.phone", identity), ("codes.name", identity)):
        with pytest.raises(CannotOpen):
            rack.keys.open(kept, name, row)


def test_the_same_value_is_sealed_differently_each_time(rack: Rack) -> None:
    assert len({rack.keys.seal("Meena", "customers.name", "cus_1") for _ in range(100)}) == 100


@given(at=st.integers(0, 70), letter=st.characters())
def test_no_changed_letter_goes_unnoticed(rack: Rack, at: int, letter: str) -> None:
    kept = rack.keys.seal("+919876543210", "customers.phone", "cus_1")
    at = len("sealed:1:") + at % (len(kept) - len("sealed:1:"))
    changed = kept[:at] + letter + kept[at + 1 :]
    try:
        assert rack.keys.open(changed, "customers.phone", "cus_1") == "+919876543210"
    except CannotOpen:
        assert changed != kept
    else:
        assert changed == kept or at == len(kept) - 1  # the last letter of base 64 holds bits that mean nothing


@pytest.mark.parametrize(
    "kept", ["sealed:", "sealed:1:", "sealed:x:AAAA", "sealed:1:é", "sealed:9:AAAA", "sealed:-1:A"]
)
def test_what_nobody_sealed_is_refused_and_not_believed(rack: Rack, kept: str) -> None:
    with pytest.raises(CannotOpen):
        rack.keys.open(kept, "customers.phone", "cus_1")


def test_a_plain_value_is_read_until_its_table_is_whole(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    assert rack.keys.open("+919876543210", "customers.phone", "cus_1") == "+919876543210"
    rack.whole = frozenset({"customers"})
    rack.keys.refresh()
    with pytest.raises(CannotOpen):
        rack.keys.open("+919876543210", "customers.phone", "cus_1")
    assert rack.keys.open("hello", "codes.phone", "code_1") == "hello"


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    old = rack.keys.seal("Meena", "customers.name", "cus_1")
    rack.add("seal", 2)
    assert rack.keys.seal("Meena", "customers.name", "cus_1").startswith("sealed:1:")
    rack.keys.refresh()
    new = rack.keys.seal("Meena", "customers.name", "cus_1")
    assert new.startswith("sealed:2:")
    assert [rack.keys.open(kept, "customers.name", "cus_1") for kept in (old, new)] == ["Meena", "Meena"]
    assert (rack.keys.is_current(old), rack.keys.is_current(new)) == (False, True)


def test_a_key_that_another_process_made_is_learnt_when_it_is_met(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    rack.add("seal", 2)
    assert rack.keys.open(rack.open().seal("Meena", "customers.name", "cus_1"), "customers.name", "cus_1") == "Meena"


def test_keyed_hashes_differ_by_column_and_by_key(tmp_path: Path) -> None:
    one = Rack(tmp_path / "one")
    two = Rack(tmp_path / "two")
    del two.rows[0]
    two.add("index", 1, b"x" * 32)
    two.keys = two.open()
    hashes = {keys.blind("+919876543210", name) for keys in (one.keys, two.keys) for name in ("a.phone", "b.phone")}
    assert len(hashes) == 4
    assert one.keys.blind("+919876543210", "a.phone") == one.keys.blind("+919876543210", "a.phone")


def test_a_new_index_key_is_searched_with_at_once_and_written_with_when_all_search_with_it(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    old = rack.keys.blind("+919876543210", "customers.phone")
    rack.clock.advance(1)
    rack.add("index", 2)
    assert rack.keys.catch_up([1, 2])
    assert not rack.keys.catch_up([1, 2])
    both = rack.keys.blinds("+919876543210", "customers.phone")
    assert both[0] == old == rack.keys.blind("+919876543210", "customers.phone")
    rack.clock.advance(SEARCHED_S)
    assert rack.keys.blind("+919876543210", "customers.phone") == both[1]
    assert [hashed_by(each) for each in both] == [1, 2]
    assert [rack.keys.is_outdated(each) for each in both] == [True, False]
    assert all(len(each) <= 64 for each in both)


def test_a_retired_index_key_is_forgotten_and_what_lasts_stays(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    lasting = rack.keys.lasting("mk_live_1", "tokens.hash")
    rack.add("index", 12)
    rack.clock.advance(SEARCHED_S)
    del rack.rows[0]
    assert rack.keys.catch_up([12])
    (only,) = rack.keys.blinds("+919876543210", "customers.phone")
    assert only == rack.keys.blind("+919876543210", "customers.phone")
    assert only.startswith("12:")
    assert rack.keys.lasting("mk_live_1", "tokens.hash") == lasting


def test_a_keyed_hash_is_not_compared_with_but_looked_for() -> None:
    people = Table("people", MetaData(), Column("phone_index", BlindIndex("people.phone")))
    with pytest.raises(TypeError, match=r"sealed\.found_by"):
        _ = people.c.phone_index == "+919876543210"
    assert "IN" in str(found_by(people.c.phone_index, "phone"))


def test_a_wrapped_key_of_another_service_or_number_does_not_unwrap(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    with pytest.raises(KeysUnusable, match="does not open orders/seal/1"):
        rack.provider.unwrap(rack.rows[1].wrapped, "orders/seal/1")


def test_the_providers_new_key_wraps_and_the_old_one_still_unwraps(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    wrapped = rack.rows[1].wrapped
    assert rack.provider.is_newest(wrapped)
    rack.provider.rotate()
    assert not rack.provider.is_newest(wrapped)
    assert rack.provider.unwrap(wrapped, "accounts/seal/1") == b"\1" * 32
    assert rack.provider.is_newest(rack.provider.wrap(b"k" * 32, "accounts/seal/2"))


def test_the_file_of_keys_is_its_owners_only_also_after_a_rotation(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    make_file(file)
    FileProvider(file).rotate()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_many_who_make_the_file_at_once_agree_on_one(tmp_path: Path) -> None:
    file, seen = tmp_path / "keys.json", []

    def make() -> None:
        make_file(file)
        seen.append(file.read_text())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"primary": "1", "keys": {}}', '{"primary": "1", "keys": {"1": "AAAA"}}', '{"primary": 1, "keys": 3}']
)  # fmt: skip
def test_a_file_that_holds_no_keys_is_refused_with_its_name_and_without_its_content(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    with pytest.raises(KeysUnusable, match=r"keys\.json cannot be used") as refused:
        open_provider(file.as_uri()).wrap(b"k" * 32, "accounts/seal/1")
    assert "AAAA" not in str(refused.value)


def test_keys_in_the_file_are_not_what_is_kept_elsewhere(tmp_path: Path) -> None:
    rack = Rack(tmp_path)
    key = json.loads((tmp_path / "keys.json").read_text())["keys"]["1"]
    assert all(key not in each.wrapped for each in rack.rows)


def test_another_scheme_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(KeysUnusable, match="file:///"):
        open_provider("s3://bucket/keys")
