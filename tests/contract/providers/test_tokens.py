"""A provider that gives tokens for a while gives another when one has run out."""

from pathlib import Path

from mela.services.payments.model import ProviderPayment
from tests.contract.providers.outside import outside


async def test_a_token_that_has_run_out_is_replaced_within_the_same_call(tmp_path: Path) -> None:
    async with outside("phonepe", tmp_path) as there:
        known = await there.paid()
        there.provider._token = "spent"  # type: ignore[attr-defined]
        assert isinstance(await there.provider.status(known), ProviderPayment)
