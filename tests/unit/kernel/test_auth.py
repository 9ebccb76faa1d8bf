"""Tokens: shown once, kept as hashes, refused with a reason."""

import pytest

from mela.kernel import auth, errors
from mela.kernel.auth import Principal


@pytest.mark.parametrize("kind", ["customer", "merchant", "operator", "service"])
def test_a_fresh_token_matches_its_hash_only_and_shows_in_neither(kind: auth.Kind) -> None:
    token, kept = auth.new_token(kind)
    other, _ = auth.new_token(kind)
    assert auth.same(token, kept)
    assert not auth.same(other, kept)
    assert token not in kept
    assert token.startswith("mela_")
    assert auth.bearer(f"Bearer {token}") == auth.bearer(f"bearer {token}") == token


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer short", "Basic " + "x" * 40, "Bearer " + "x" * 201, "Bearer " + "न" * 30]
)
def test_a_header_that_is_no_token_is_refused(header: str | None) -> None:
    with pytest.raises(errors.Unauthenticated):
        auth.bearer(header)


def test_a_missing_scope_is_named() -> None:
    seller = Principal("merchant", "seller_1", frozenset({"catalog:write"}))
    auth.need(seller, "catalog:write")
    with pytest.raises(errors.Forbidden) as refusal:
        auth.need(seller, "payouts:read")
    assert refusal.value.params == {"need": "payouts:read"}
