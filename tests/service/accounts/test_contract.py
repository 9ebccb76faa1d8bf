from collections.abc import AsyncIterator
from typing import Any

import pytest

from mela.contracts.accounts import Accounts
from mela.kernel import auth, rpc
from mela.kernel.auth import Principal
from mela.kernel.errors import Unauthenticated
from mela.services.accounts.app import SERVICE
from tests import kit
from tests.service.accounts.desk import Desk
from tests.service.accounts.test_tokens import bearer, make_key

SECRET, HASH = auth.new_token("service")
SCOPES = frozenset({"settlement:read", "catalog:write"})


@pytest.fixture(params=["fake", "local", "remote"])
async def known(desk: Desk, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Accounts, str]]:
    """Whoever keeps the contract, and the token of a seller's API key that it knows."""
    contract: Any = Accounts
    if request.param == "fake":
        tokens = kit.Tokens()
        yield tokens, bearer(tokens.give("merchant", "vaigai-stores", *SCOPES))
        return
    token = str((await make_key(desk))["token"])
    if request.param == "local":
        yield desk.app.service, token
        return
    served = rpc.routes(
        contract, desk.app.service, service="accounts", callers=auth.Callers({"orders": HASH}), permits=SERVICE.permits
    )
    desk.app.client._transport.app.router.routes.extend(served)  # type: ignore[attr-defined]
    yield (
        rpc.proxy(
            contract, "http://test", service="accounts", caller="orders", token=lambda: SECRET, client=desk.app.client
        ),
        token,
    )


async def test_a_known_token_is_its_owners_with_its_scopes(known: tuple[Accounts, str]) -> None:
    accounts, token = known
    assert await accounts.identify(token=token) == Principal("merchant", "vaigai-stores", SCOPES)


async def test_an_unknown_token_is_refused_with_its_reason(known: tuple[Accounts, str]) -> None:
    with pytest.raises(Unauthenticated) as caught:
        await known[0].identify(token="mela_cs_nobody's")
    assert caught.value.of == "kernel.unauthenticated"


async def test_nobody_has_gone_before_somebody_did(known: tuple[Accounts, str]) -> None:
    assert await known[0].erased(after=0, most=10) == []
