"""Who may come into the control room: whoever shows the operator's token; on a laptop also whoever sits at it.

A page of another site that is open in a browser on the same laptop must not drive the platform. Such a page reaches us from
the loopback address too, so more is asked: the Host must be a name of this machine itself (an attacker's name that was
pointed here after the fact is none), and what the browser says of the sender must not contradict. Behind a proxy everybody
comes from the loopback address, so nothing that was forwarded gets in without a token.
"""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from mela.kernel.auth import Principal
from mela.kernel.sealed import reads
from mela.kernel.web import callers, cookies

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "forwarded", "via")
AT_THE_MACHINE = Principal("operator", "operator")


class OnDutyCaller(SecurityBase):
    """A FastAPI dependency. Who comes without a token comes in only where `app.state.at_the_machine` says so."""

    scheme_name = "operator"
    model = HTTPBearer(description=callers.operator.model.description)

    async def __call__(self, request: Request) -> Principal:
        """Raises: Unauthenticated, Forbidden, ForgedRequest for another site's page."""
        if request.headers.get("authorization") is None and sits_here(request):
            cookies.check_sender(request)
            reads.prove(AT_THE_MACHINE)
            return AT_THE_MACHINE
        return await callers.operator(request)


def sits_here(request: Request) -> bool:
    """Whether the request comes from this machine, to a name of this machine, through nobody."""
    client = request.client.host if request.client else ""
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    forwarded = any(name in request.headers for name in _FORWARDED)
    return bool(request.app.state.at_the_machine) and {client, named} <= LOOPBACK and not forwarded


OnDuty = Annotated[Principal, Depends(OnDutyCaller())]
