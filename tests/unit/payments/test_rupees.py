"""Rupees as providers write them become the very paise, or are refused."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mela.services.payments.rules import rupees

AMOUNTS = st.integers(0, 10**13)
FIELD = TypeAdapter(rupees.Rupees)


@given(AMOUNTS)
def test_text_comes_back_to_the_paisa(amount: int) -> None:
    assert rupees.paise(rupees.text(amount)) == amount


@given(AMOUNTS)
def test_a_json_number_comes_back_to_the_paisa(amount: int) -> None:
    assert FIELD.validate_json(json.dumps(amount / 100)) == amount


@pytest.mark.parametrize(
    "odd", ["", "1.234", "-1", "1e3", "1,000", "NaN", " 1", "1.", "٣", "1" * 14, True, None, 0.001, [], 1e30]
)
def test_anything_finer_or_odder_is_refused(odd: object) -> None:
    with pytest.raises(ValueError, match="amount in rupees"):
        rupees.paise(odd)
    with pytest.raises(ValidationError):
        FIELD.validate_python(odd)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert rupees.paise(text) >= 0
