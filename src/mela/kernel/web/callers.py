"""Who is calling, as FastAPI dependencies: `caller: Customer` in a route's signature."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from mela.kernel import auth
from mela.kernel.auth import Authenticator, Kind, Principal, TestKey
from mela.kernel.errors import Forbidden
from mela.kernel.sealed import reads
from mela.kernel.web import cookies


async def shown_token(request: Request) -> str:
    """The token that the caller shows: in the Authorization header, else in a browser's cookie.

    Raises: Unauthenticated, ForgedRequest for a cookie that another site's page had sent along.
    """
    given = request.headers.get("authorization")
    kept = request.cookies.get(cookies.SESSION)
    if given is not None or kept is None:
        return auth.bearer(given)
    token = auth.bearer(f"Bearer {kept}")
    cookies.check(request, token)
    return token


class Caller(SecurityBase):
    """A FastAPI dependency: the principal of this request, of one kind. Documents the kind as a security scheme.

    `tests`: whether a merchant's key of test mode will do.
    """

    def __init__(self, kind: Kind, description: str, *, tests: bool = False) -> None:
        self.scheme_name, self.model = kind, HTTPBearer(description=description)
        self._kind, self._tests = kind, tests

    async def __call__(self, request: Request) -> Principal:
        """Raises: Unauthenticated, Forbidden."""
        return await _identify(request, self._kind, tests=self._tests)


class _Scheme(SecurityBase):
    """Documents that a caller's scheme is one of several; `_identify` asks."""

    def __init__(self, caller: Caller) -> None:
        self.scheme_name, self.model = caller.scheme_name, caller.model

    async def __call__(self) -> None:
        """Nothing to do."""


async def _identify(request: Request, *kinds: Kind, tests: bool = False) -> Principal:
    """Who is calling, if of one of these kinds and from where they may. Raises: Unauthenticated, Forbidden."""
    authenticator: Authenticator = request.app.state.authenticator
    principal = await authenticator.identify(token=await shown_token(request))
    reads.prove(principal)
    if principal.kind not in kinds:
        raise Forbidden("kernel.forbidden", need=" or ".join(kinds))
    auth.check_address(principal, request.scope.get("mela.client", ""))
    if principal.mode == "test" and not tests:
        raise TestKey
    return principal


customer = Caller(
    "customer",
    "A person's session: the `token` that signing in gives; or the cookie `mela_session`, and then, in what changes something, "
    "the value of the cookie `mela_csrf` as header `X-CSRF-Token`",
)
_KEY = "A seller's API key, with the scope that the operation names"
merchant = Caller("merchant", _KEY)
merchant_or_test = Caller("merchant", _KEY, tests=True)
operator = Caller(
    "operator", "The person on duty: the token in the data folder's `secrets.json`, or the deployment's own"
)


async def merchant_or_operator(
    request: Request,
    _merchant: Annotated[None, Depends(_Scheme(merchant))],
    _operator: Annotated[None, Depends(_Scheme(operator))],
) -> Principal:
    """Either of both. Raises: Unauthenticated, Forbidden."""
    return await _identify(request, "merchant", "operator")


Customer = Annotated[Principal, Depends(customer)]
Merchant = Annotated[Principal, Depends(merchant)]
MerchantOrTest = Annotated[Principal, Depends(merchant_or_test)]
Operator = Annotated[Principal, Depends(operator)]
MerchantOrOperator = Annotated[Principal, Depends(merchant_or_operator)]
Token = Annotated[str, Depends(shown_token)]
"""FastAPI dependency: the token that the caller shows."""
