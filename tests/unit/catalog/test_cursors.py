"""Cursors: read back as written, refused when changed or used elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.services.catalog.rules import cursors

PLACES = st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=3).map(tuple)


@given(PLACES, st.text(max_size=40))
def test_a_cursor_is_read_as_it_was_written(place: tuple[int, ...], listing: str) -> None:
    cursor = cursors.write(place, listing)
    assert cursors.read(cursor, listing, length=len(place)) == place
    assert len(cursor) <= cursors.LONGEST
    assert cursor.isascii()


@given(PLACES, st.text(max_size=20), st.text(max_size=20))
def test_a_cursor_of_another_list_is_refused(place: tuple[int, ...], one: str, other: str) -> None:
    if one != other:
        with pytest.raises(cursors.BadCursor):
            cursors.read(cursors.write(place, one), other, length=len(place))


@given(PLACES, st.data())
def test_a_cursor_with_any_character_changed_is_refused(place: tuple[int, ...], data: st.DataObject) -> None:
    cursor = cursors.write(place, "list")
    at = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("ABCXYZabcxyz0189-_=+/ é"))
    if letter != cursor[at]:
        with pytest.raises(cursors.BadCursor):
            cursors.read(cursor[:at] + letter + cursor[at + 1 :], "list", length=len(place))


@given(st.text(max_size=200))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(cursors.BadCursor):
        cursors.read(text, "list", length=1)


@given(PLACES)
def test_a_place_of_another_length_is_refused(place: tuple[int, ...]) -> None:
    with pytest.raises(cursors.BadCursor):
        cursors.read(cursors.write(place, "list"), "list", length=len(place) % 3 + 1)
