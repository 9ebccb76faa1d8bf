"""How names meet a screening list."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mela.services.payments
from mela.services.payments.rules import screening

LIST = screening.read("id,name,aliases\ns1,Vikramaditya Kaaldhwaj,Vikram Kaldhwaj;V K Dhwaj\ns2,Zarkhan Blackledger,\n")


@pytest.mark.parametrize(
    ("name", "entry", "same"),
    [
        ("Vikramaditya Kaaldhwaj", "s1", True),
        ("KAALDHWAJ, vikramaditya", "s1", True),
        ("Shri Víkram Kaldhwaj", "s1", True),
        ("Vikramaditya Kaaldhvaj", "s1", False),
        ("Zarkan Blackledger", "s2", False),
        ("Meena R", "", False),
        ("मीना", "", False),
        ("", "", False),
    ],
)
def test_a_name_is_found_whatever_its_order_marks_and_titles(name: str, entry: str, same: bool) -> None:
    found = screening.nearest(LIST, name, near=92)
    assert (found.id, found.score == 100) == (entry, same)


@given(st.text(max_size=60))
def test_any_text_is_comparable_and_stays_so(name: str) -> None:
    once = screening.comparable(name)
    assert screening.comparable(once) == once
    assert 0 <= screening.nearest(LIST, name, near=92).score <= 100


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1"),
        ("id,name\ns1,A\n", "line 1"),
        ("id,name,aliases\n,A,\n", "line 2"),
        ("id,name,aliases\ns1,A,\ns2,मीना,\n", "line 3"),
        ('id,name,aliases\ns1,"A,\n', "line 2"),
    ],
)
def test_a_list_that_is_none_is_told_with_its_line(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        screening.read(text)


def test_the_sample_list_can_be_read() -> None:
    file = Path(mela.services.payments.__file__).parent / "data" / "screening.csv"
    assert set(screening.read(file.read_text(encoding="utf-8")).ids) == {"sample-001", "sample-002", "sample-003"}
