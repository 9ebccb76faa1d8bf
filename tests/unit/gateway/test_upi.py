"""Links, reference numbers and response codes as UPI writes them."""

import re
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from mela.simulators.gateway import upi

TREATMENTS = {"success", "pending", "deemed", "unknown", "failed", "expired"}


@given(st.integers(100, 10**12), st.text(min_size=1, max_size=80))
def test_a_link_carries_the_amount_in_rupees_and_any_description(amount: int, description: str) -> None:
    link = upi.intent_url(vpa="mela@simbank", name="Mela", reference="gp1", description=description, amount=amount)
    fields = parse_qs(urlsplit(link).query, keep_blank_values=True)
    rupees, paise = fields["am"][0].split(".")
    assert int(rupees) * 100 + int(paise) == amount
    assert (fields["pa"], fields["tr"], fields["cu"]) == (["mela@simbank"], ["gp1"], ["INR"])
    assert fields["tn"] == [description]


def test_a_reference_number_has_twelve_digits_of_indian_time() -> None:
    assert upi.rrn(42, datetime(2026, 11, 23, 18, 30, tzinfo=UTC)) == "632800000042"
    assert upi.rrn(1_000_042, datetime(2026, 1, 1, 0, 0, tzinfo=UTC)) == "600105000042"


def test_every_code_in_force_has_a_known_treatment() -> None:
    codes = upi.codes(date(2026, 11, 23))
    assert {code.treat for code in codes.values()} == TREATMENTS
    assert all(re.fullmatch("[A-Z0-9]{2,3}", code) for code in codes)
    assert codes[upi.DECLINED_BY_PAYER].treat == "failed"
    assert codes[upi.EXPIRED].treat == "expired"


def test_no_code_holds_before_its_date() -> None:
    assert upi.codes(date(2019, 12, 31)) == {}
