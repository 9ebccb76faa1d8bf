"""Settings that would never end are refused at start."""

import pytest

from mela.kernel import settings
from mela.services.payments.settings import Settings
from tests.service.payments.world import PAYMENTS_ENVIRON


@pytest.mark.parametrize("name", ["GATEWAY_TIMEOUT_S", "RETRY_S", "SCHEDULE_SCALE"])
def test_a_wait_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(settings.SettingsError, match="above zero"):
        settings.read(Settings, "MELA_PAYMENTS", PAYMENTS_ENVIRON | {f"MELA_PAYMENTS_{name}": "0"})


def test_secrets_are_not_printed() -> None:
    read = settings.read(Settings, "MELA_PAYMENTS", PAYMENTS_ENVIRON | {"MELA_PAYMENTS_WEBHOOK_SECRET": "hush-hush"})
    assert "hush" not in repr(read)
