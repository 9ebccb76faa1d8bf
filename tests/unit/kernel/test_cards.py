"""Card numbers are told by published ranges and their last digit, and refused wherever they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import cards

TESTS = {
    "visa": "4111111111111111", "mastercard": "5555555555554444", "amex": "378282246310005",
    "rupay": "6521501234567893",
}  # fmt: skip


@pytest.mark.parametrize(("network", "number"), [*TESTS.items(), ("rupay", "5085001234567894")])
def test_a_number_is_its_networks_and_its_last_digit_fits(network: str, number: str) -> None:
    assert cards.network(number) == network
    assert cards.is_number(number)


@pytest.mark.parametrize(
    "number", ["9111111111111111", "411111111111111", "41111111111111111", "2220999999999999", "2721000000000000", ""]
)
def test_what_lies_in_no_range_is_nobodys(number: str) -> None:
    assert cards.network(number) is None


@given(st.sampled_from(list(TESTS.values())), st.integers(0, 14), st.integers(1, 9))
def test_one_wrong_digit_is_seen(number: str, place: int, by: int) -> None:
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert not cards.luhn(wrong)


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "my card is 6521501234567893, thanks", "4111.1111.1111.1111",
        "4111/1111/1111/1111", "4111_1111_1111_1111", "4111  1111  1111  1111", "3782.822463.10005", "४१११ ११११ ११११ ११११",
        "௪௧௧௧௧௧௧௧௧௧௧௧௧௧௧௧", "４１１１１１１１１１１１１１１１", "4111\u00a01111\u00a01111\u00a01111", "4111\u200b1111\u200b1111\u200b1111", "\\u0034111 1111 1111 1111",
        "कार्ड 4111111111111111",
    ],
)  # fmt: skip
def test_a_body_with_a_card_number_is_refused_however_it_is_written(written: str) -> None:
    with pytest.raises(cards.CardNumber):
        cards.refuse(b'{"note": "%s"}' % written.encode())


@pytest.mark.parametrize(
    "harmless",
    ["4111111111111112", "8901030865278", "612345678901", "ctok_4111111111111111", "0.4111111111111111", "+919876543210",
     "1764201600000000000", "9000010000000004", "4.111111111111111", "4111, 1111, 1111, 1111", "गली 4111, मकान 12, 625001",
     "\\u0939\\u0932\\u094b 4111"],
)  # fmt: skip
def test_other_numbers_pass(harmless: str) -> None:
    cards.refuse(b'{"note": "%s", "n": 129900}' % harmless.encode())
