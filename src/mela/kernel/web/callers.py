"""Who is calling, as FastAPI dependencies: `caller: Customer` in a route's signature."""

from typing import Annotated

from fastapi import Depends, Request

from mela.kernel import auth
from mela.kernel.auth import Authenticator, Kind, Principal
from mela.kernel.errors import Forbidden


async def caller(request: Request) -> Principal:
    """FastAPI dependency: the principal of this request. Raises: Unauthenticated."""
    authenticator: Authenticator = request.app.state.authenticator
    return await authenticator.identify(token=auth.bearer(request.headers.get("authorization")))


async def customer(principal: Annotated[Principal, Depends(caller)]) -> Principal:
    """FastAPI dependency: a signed-in person."""
    return _of_kind(principal, "customer")


async def merchant(principal: Annotated[Principal, Depends(caller)]) -> Principal:
    """FastAPI dependency: a seller's API key."""
    return _of_kind(principal, "merchant")


async def operator(principal: Annotated[Principal, Depends(caller)]) -> Principal:
    """FastAPI dependency: the person on duty."""
    return _of_kind(principal, "operator")


def _of_kind(principal: Principal, kind: Kind) -> Principal:
    if principal.kind != kind:
        raise Forbidden("kernel.forbidden", need=kind)
    return principal


Customer = Annotated[Principal, Depends(customer)]
Merchant = Annotated[Principal, Depends(merchant)]
Operator = Annotated[Principal, Depends(operator)]
