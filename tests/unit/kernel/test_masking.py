"""Personal data never survives into a log line; what one needs to find a fault stays readable."""

import dataclasses
import string
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import auth, ids
from mela.kernel.telemetry.masking import Personal, is_card, mask, processor, scrub

digits = st.text("0123456789", min_size=9, max_size=9)
mobiles = st.builds(lambda first, rest: first + rest, st.sampled_from("6789"), digits)
prefixes = st.sampled_from(["", "+91", "91", "0", "+91 ", "+91-", "0091"])
cards = st.one_of(
    st.text("0123456789", min_size=13, max_size=19),
    st.lists(st.text("0123456789", min_size=4, max_size=4), min_size=4, max_size=4).map(" ".join),
)
handles = st.sampled_from(["ybl", "okhdfcbank", "paytm", "upi2", "pay.me"])
vpas = st.builds(
    lambda local, handle: f"{local}@{handle}",
    st.text(string.ascii_lowercase + "0123456789.-_", min_size=3, max_size=30),
    handles,
)
surroundings = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "N", "L"], exclude_characters="@+.-_"), max_size=30
)


def tokens() -> st.SearchStrategy[str]:
    return st.builds(
        lambda kind: auth.new_token(kind)[0], st.sampled_from(["customer", "merchant", "operator", "service"])
    )


def logged(value: object) -> str:
    return repr(processor(None, "info", {"event": "x", "value": value}))


@given(surroundings, prefixes, mobiles, surroundings)
def test_a_mobile_number_never_survives(before: str, prefix: str, number: str, after: str) -> None:
    assert number not in scrub(f"{before}{prefix}{number}{after}")


@pytest.mark.parametrize(
    "number", ["98765 43210", "987-654-3210", "+91 98765 43210", "098765-43210", "+14155550132", "phone_9876543210"]
)
def test_a_number_in_groups_never_survives(number: str) -> None:
    assert number not in scrub(f"call {number} now")
    assert number[:-4] not in scrub(f"call {number} now")


@given(surroundings, cards, surroundings)
def test_a_card_number_never_survives(before: str, card: str, after: str) -> None:
    assert card not in scrub(f"{before} {card} {after}")


@given(surroundings, vpas, surroundings)
def test_a_vpa_never_survives(before: str, vpa: str, after: str) -> None:
    assert vpa not in scrub(f"{before} {vpa} {after}")


@given(st.text(max_size=30), tokens(), st.text(max_size=30))
def test_a_token_never_survives_anywhere(before: str, token: str, after: str) -> None:
    assert token not in scrub(before + token + after)


@pytest.mark.parametrize("header", ["Bearer abcdefgh12345678", "bearer abcdefgh12345678", "Basic bWVsYTpzZWNyZXQ="])
def test_a_header_that_proves_who_one_is_never_survives(header: str) -> None:
    assert header.split()[1] not in scrub(f"authorization: {header}")


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 10**9),
    st.from_regex(r"[1-5][0-9]{11}", fullmatch=True),
)
def test_moments_amounts_and_reference_numbers_stay_readable(moment: datetime, paise: int, rrn: str) -> None:
    line = f"{moment} {moment.isoformat()}Z {moment.date()} ₹{paise / 100:,.2f} paise={paise} rrn {rrn} took 0.123456 s"
    if len(str(paise)) < 10:
        assert scrub(line) == line


def test_ids_and_trace_ids_stay_readable() -> None:
    for _ in range(200):
        line = f"{ids.new_id('order')} {auth.digest(ids.new_secret())} 2026-27/000123 400001 29ABCDE1234F1Z5"
        assert scrub(line) == line


@pytest.mark.parametrize("before", ["order_01M8E8Q4NVBF5T662AC9X1ZM23", "took 3", "card 4111 1111"])
@pytest.mark.parametrize(
    "digest",
    ["7091317714133ff0fc0cf7d26a4767335a5ee6891c3c77d17d5018ecacb58972",
     "42595898909b4c18324ad9d485759a2d675291ea2b031c3c6186275892421b08", "4111111111111111" * 2],
)  # fmt: skip
def test_digits_before_a_digest_make_no_card_number_with_its_own(before: str, digest: str) -> None:
    for line in (f"{before} {digest}", f"{digest} {digest} {before}", f"{before}_{digest}"):
        assert scrub(line) == line


@given(st.text("abcdef", min_size=16, max_size=16))
def test_a_trace_id_whose_digits_alone_would_be_a_cards_stays_readable(letters: str) -> None:
    trace_id = "".join(letter + digit for letter, digit in zip(letters, "4111111111111111", strict=True))
    assert scrub(f"trace={trace_id} done") == f"trace={trace_id} done"
    assert scrub(trace_id) == trace_id


@dataclasses.dataclass(frozen=True)
class Parcel:
    """Something that holds a person's data."""

    phone: Personal
    name: Personal
    note: str


PARCEL = Parcel(Personal("+919876543210"), Personal("Asha Rao"), "ring 9876543210")


@pytest.mark.parametrize(
    "value",
    [
        PARCEL, [PARCEL], {"to": PARCEL}, {"9876543210": 1}, {"9876543210"}, ValueError("9876543210", Personal("Asha Rao")),
        ("Asha", {"deep": ["+91 9876543210"]}), b"9876543210", PARCEL.name, [PARCEL.phone],
    ],
)  # fmt: skip
def test_no_shape_of_value_lets_personal_data_through(value: object) -> None:
    line = logged(value)
    assert "9876543210" not in line
    assert "Rao" not in line


def test_plain_values_stay_what_they_are() -> None:
    event = {
        "n": 5,
        "paise": 9876543210,
        "ok": True,
        "none": None,
        "at": datetime(2026, 11, 23, tzinfo=UTC),
        "day": date(2026, 11, 23),
    }
    assert processor(None, "info", dict(event)) == event


@pytest.mark.parametrize(
    ("whole", "masked"),
    [
        ("+919876543210", "+91••••••3210"),
        ("9876543210", "••••••3210"),
        ("asha@ybl", "a••••@ybl"),
        ("a@b1", "a••••@b1"),
        ("Asha Rao", "A••• R•••"),
        ("", "•••"),
    ],
)
def test_a_masked_value_keeps_what_helps_to_recognise_it(whole: str, masked: str) -> None:
    assert mask(whole) == masked
    assert repr(Personal(whole)) == repr(masked)
    assert str(Personal(whole)) == whole


PANS = ["4111111111111111", "5555555555554444", "2223003122003222", "378282246310005", "6521501234567893", "5085001234567894",
        "6011000990139424", "3530111333300000", "4222222222222"]  # fmt: skip
"""Test numbers that the networks publish, and synthetic RuPay ones."""


@pytest.mark.parametrize("pan", PANS)
def test_no_card_number_survives_whatever_it_is_glued_to(pan: str) -> None:
    assert is_card(pan)
    four = [pan[i : i + 4] for i in range(0, len(pan), 4)]
    ways = [pan, f"card{pan}", f"{pan}x", f"n={pan};", f"x_{pan}_y", f"/cards/{pan}/charge", f'{{"pan":"{pan}"}}',
            ".".join(four), "–".join(four), "_".join(four), " ".join(four), f"{'y' * 3_990}{pan}", f"é{pan}é"]  # fmt: skip
    for way in ways:
        told = logged(way)
        assert pan[:9] not in told.translate(dict.fromkeys(map(ord, ".–_ "))), way
    for value in (int(pan), [int(pan)], {"card": {"number": int(pan)}}, (pan,), ValueError(f"declined {pan}")):
        assert pan[:9] not in logged(value)
    assert pan[-4:] in logged(pan)


@pytest.mark.parametrize(
    "kept", ["4111111111111112", "1234567890123456", "1790000000000000", "41111111", "411111111111111111111111"]
)
def test_what_cannot_be_a_card_is_not_taken_for_one(kept: str) -> None:
    assert not is_card(kept)
    assert kept in logged(f"order-x{kept}")


def test_a_long_text_is_cut() -> None:
    assert len(scrub("x" * 100_000)) == 4_000
