"""Signatures as Standard Webhooks publishes them."""

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import Webhook

from mela.kernel.clock import SystemClock
from mela.services.webhooks.rules import signing
from mela.services.webhooks.service.vault import Unsealable, new_secret, opener

ID, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}'


def test_published_vector_is_signed_as_published() -> None:
    """Source: the test vector of https://github.com/standard-webhooks/standard-webhooks, commit b2fa7b8."""
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    found = signing.headers(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ID, at, BODY)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (found["webhook-id"], found["webhook-timestamp"]) == (ID, "1614265330")


def test_each_secret_in_force_verifies_and_no_other() -> None:
    old, new, other = (new_secret() for _ in range(3))
    made = signing.headers([new, old], ID, SystemClock().now(), BODY)
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, made) == {"test": 2432232314}
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(other).verify(BODY, made)


def test_secret_is_as_long_as_the_specification_wants() -> None:
    import base64

    secret = new_secret()
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64


def test_a_secret_of_before_the_keyring_opens_with_its_own_key_and_no_other() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    secret = new_secret()
    kept = Fernet(old).encrypt(secret.encode()).decode()
    assert opener([new, old])(kept) == opener([])(secret) == secret
    for keys in ([new], []):
        with pytest.raises(Unsealable):
            opener(keys)(kept)
    with pytest.raises(ValueError):
        opener(["not a key"])
