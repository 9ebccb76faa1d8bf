"""Each provider's scheme gives its published or computed vector, and both sides of it, written apart, agree on everything."""

from hypothesis import given
from hypothesis import strategies as st

from mela.services.payments.rules import signature as ours
from mela.simulators.gateway import signature as theirs

BODY = b'{"event":"payment.captured"}'
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
FIELDS = st.fixed_dictionaries(
    dict.fromkeys(("txnid", "amount", "productinfo", "firstname", "email", "udf1", "udf3", "udf5", "status"), TEXT)
)


def test_payu_gives_the_hash_of_its_own_documentation() -> None:
    form = {"txnid": "12345", "amount": "10", "productinfo": "Shopping", "firstname": "Test", "email": "test@test.com",
            "udf2": "abc", "udf4": "15"}  # fmt: skip
    assert ours.payu_request("C0Dr8m", "3sf0jURk", form).startswith("ffcdbf04fa5b")


def test_cashfree_signs_moment_and_body_without_a_separator() -> None:
    assert ours.base64_hmac("secret", "1617695238078", BODY) == "vwE7M0+ya2k3EPoKutUCbb//IJgwRTmGldafBtG6Duo="


def test_payu_puts_additional_charges_in_front() -> None:
    form = {"status": "success", "txnid": "1"}
    assert ours.payu_answer("k", "s", form) != ours.payu_answer("k", "s", form | {"additional_charges": "2.00"})


@given(TEXT, TEXT, st.binary(max_size=100))
def test_both_sides_sign_alike(secret: str, moment: str, body: bytes) -> None:
    assert ours.hex_hmac(secret, body) == theirs.hex_hmac(secret, body)
    assert ours.base64_hmac(secret, moment, body) == theirs.base64_hmac(secret, moment, body)
    assert ours.account_digest(secret, moment) == theirs.account_digest(f"{secret}:{moment}")
    assert ours.payu_command(secret, moment, "a", "b") == theirs.payu(f"{secret}|a|b|{moment}")


@given(TEXT, TEXT, FIELDS)
def test_both_sides_hash_forms_alike(key: str, salt: str, form: dict[str, str]) -> None:
    assert ours.payu_request(key, salt, form) == theirs.payu_request(key, salt, form)
    assert ours.payu_answer(key, salt, form) == theirs.payu_answer(key, salt, form)
