"""Quantities: what is accepted, what it is worth, how it is written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import quantity

PLAIN = st.tuples(
    st.integers(-(10**12), 10**12), st.sampled_from(["", "n", "u", "m", "k", "M", "Ki", "Mi", "e3", "e-3", "E"])
).map(lambda parts: f"{parts[0]}{parts[1]}")


def exact(amount: quantity.Quantity) -> Fraction:
    return Fraction(amount.unscaled) * Fraction(10) ** amount.exponent


@pytest.mark.parametrize(
    ("text", "canonical", "value", "milli"),
    [
        ("0", "0", 0, 0),
        ("1500m", "1500m", 2, 1500),
        ("0.5", "500m", 1, 500),
        ("1e3", "1e3", 1000, 1_000_000),
        ("1.5e3", "1500", 1500, 1_500_000),
        ("100E-3", "100E-3", 1, 100),
        ("1000e-3", "1", 1, 1000),
        ("1.5Gi", "1536Mi", 1_610_612_736, 1_610_612_736_000),
        ("1024", "1024", 1024, 1_024_000),
        ("1000k", "1M", 1_000_000, 1_000_000_000),
        ("1000Ki", "1000Ki", 1_024_000, 1_024_000_000),
        ("512", "512", 512, 512_000),
        ("0.5Ki", "512", 512, 512_000),
        ("0.1n", "1n", 1, 1),
        ("1e-12", "1e-9", 1, 1),
        ("0.0001Ki", "102400u", 1, 103),
        ("1e-5000", "1e-9", 1, 1),
        ("-1.5", "-1500m", -2, -1500),
        ("+7", "+7", 7, 7000),
        ("007", "007", 7, 7000),
        (".", "0", 0, 0),
        ("Ki", "0", 0, 0),
        ("1.", "1.", 1, 1000),
        ("0Ei", "0", 0, 0),
    ],
)
def test_quantities_are_worth_and_written_as_upstream_has_them(
    text: str, canonical: str, value: int, milli: int
) -> None:
    parsed = quantity.parse(text)
    assert (str(parsed), quantity.value(parsed), quantity.milli_value(parsed)) == (canonical, value, milli)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1 k", "1..5", "e", "1e", "1m5", "0x10", "1e99999999999999999999", "१२", "1\n", "Pi", "9" * 5000],
)
def test_what_the_api_server_refuses_is_refused(text: str) -> None:
    with pytest.raises(quantity.InvalidQuantity):
        quantity.parse(text)


@pytest.mark.parametrize(
    "written", [True, float("nan"), float("inf"), "1e9999999999999999999", "1234567890123456789e4000"]
)
def test_values_that_are_no_number_or_too_large_are_refused(written: float | str) -> None:
    with pytest.raises(quantity.InvalidQuantity):
        quantity.parse(written)


@pytest.mark.parametrize(
    ("written", "text"), [(None, "0"), (3, "3"), (1.5, "1500m"), (1e9, "1G"), (1e21, "1e+21"), (1e-9, "1e-9")]
)
def test_json_numbers_and_null_are_quantities(written: float | None, text: str) -> None:
    assert str(quantity.parse(written)) == text


def test_spaces_around_a_json_text_are_ignored() -> None:
    assert quantity.parse(" 1Gi\u00a0") == quantity.parse("1024Mi")


def test_binary_quantities_are_capped_at_the_largest_int64() -> None:
    assert quantity.value(quantity.parse("100Ei")) == 2**63 - 1
    assert quantity.value(quantity.parse("-100Ei")) == -(2**63 - 1)


def test_values_beyond_int64_overflow_as_upstream_does() -> None:
    assert quantity.milli_value(quantity.parse("100E")) == 0
    assert quantity.milli_value(quantity.parse("8Ei")) == -1000
    assert quantity.value(quantity.parse("9223372036854775807")) == 2**63 - 1
    assert quantity.value(quantity.parse("9223372036854775808")) == -(2**63)
    assert quantity.value(quantity.parse("42394576811494502e3")) == 5501088664075398768
    assert quantity.value(quantity.parse("1e2147483647")) == 0
    assert str(quantity.parse("1000E")) == "1"


def test_big_negative_fractions_come_out_one_too_high_as_upstream_has_them() -> None:
    assert quantity.value(quantity.parse("-1500m")) == -2
    assert quantity.value(quantity.parse("1Pi") - quantity.parse("1Pi") - quantity.parse("1500m")) == 0
    assert quantity.value(quantity.parse("-1.5Ki")) == -1536


def test_a_zero_takes_the_format_of_what_is_added() -> None:
    assert str(quantity.ZERO + quantity.parse("1Gi")) == "1Gi"
    assert str(quantity.parse("1Gi") - quantity.parse("1Gi") + quantity.parse("1e3")) == "1e3"


def test_rounding_up_keeps_what_is_already_whole() -> None:
    assert str(quantity.round_up(quantity.parse("0.0001"), quantity.MILLI)) == "1m"
    assert str(quantity.round_up(quantity.parse("-0.0001"), quantity.MILLI)) == "-1m"
    assert quantity.round_up(quantity.parse("2k"), quantity.MILLI) is quantity.parse("2k")


def test_a_quantity_is_read_once() -> None:
    assert quantity.parse(quantity.ZERO) is quantity.ZERO


def test_an_overflow_in_a_sum_is_exact() -> None:
    most = quantity.from_int(2**63 - 1)
    assert exact(most + most) == 2**64 - 2


def test_a_quantity_is_never_equal_to_a_number() -> None:
    assert quantity.parse("1") != 1
    assert quantity.from_int(1) == quantity.from_milli(1000)


@given(PLAIN, PLAIN)
def test_sums_and_order_are_exact(left: str, right: str) -> None:
    a, b = quantity.parse(left), quantity.parse(right)
    assert exact(a + b) == exact(a) + exact(b)
    assert exact(a - b) == exact(a) - exact(b)
    assert (a < b, a == b) == (exact(a) < exact(b), exact(a) == exact(b))
    assert a != b or hash(a) == hash(b)


@given(PLAIN)
def test_canonical_text_means_the_same_quantity(text: str) -> None:
    parsed = quantity.parse(text)
    if abs(exact(parsed)) < 10**18:
        assert quantity.parse(str(parsed)) == parsed


@given(st.text(max_size=30) | st.from_regex(quantity.SHAPE, fullmatch=True))
def test_any_text_is_a_quantity_or_is_refused(text: str) -> None:
    try:
        parsed = quantity.parse(text)
    except quantity.InvalidQuantity:
        return
    assert quantity.is_int64(quantity.value(parsed))
    assert quantity.is_int64(quantity.milli_value(parsed))
