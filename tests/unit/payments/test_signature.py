"""A callback's signature is over its exact bytes."""

from hypothesis import given
from hypothesis import strategies as st

from mela.services.payments.rules import signature
from mela.simulators.gateway import signature as gateway

BODY = b'{"event":"payment.captured"}'
VECTOR = "8308ed257604fd2e3a5f31e3ca7b5a85c225df5b0dc02b63004414e0a99c1e6e"


def test_the_published_scheme_gives_the_known_signature() -> None:
    assert gateway.hex_hmac("secret", BODY) == VECTOR
    assert signature.same(signature.hex_hmac("secret", BODY), VECTOR)


def test_another_secret_or_another_case_is_not_genuine() -> None:
    assert not signature.same(signature.hex_hmac("secrets", BODY), VECTOR)
    assert not signature.same(signature.hex_hmac("secret", BODY), VECTOR.upper())


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_changed_byte_is_noticed(place: int, change: int) -> None:
    altered = bytearray(BODY)
    altered[place] ^= change
    assert not signature.same(signature.hex_hmac("secret", bytes(altered)), VECTOR)


@given(st.text(max_size=200))
def test_no_text_as_signature_breaks_the_check(text: str) -> None:
    assert not signature.same(signature.hex_hmac("secret", BODY), text)
