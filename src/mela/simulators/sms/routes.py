"""The inbox over HTTP: a sender puts messages in, a phone reads them."""

from typing import Annotated

from fastapi import APIRouter, Query

from mela.kernel.web import bodies, pages
from mela.kernel.web.refusals import refused
from mela.simulators.sms import schemas
from mela.simulators.sms.service import Inbox


def router(inbox: Inbox) -> APIRouter:
    """All routes of the inbox."""
    routes = bodies.router(prefix="/sim/sms", tags=["simulated SMS"])

    @routes.post(
        "/messages", status_code=201, summary="Send a message", responses=refused({409: "sms.reference_reused"})
    )
    async def send_sms(body: schemas.NewSms) -> schemas.Sms:
        """The same reference again sends nothing more; with another phone or text it is refused."""
        return await inbox.receive(body)

    @routes.get("/messages", summary="Read a phone's messages, newest first")
    async def list_sms(
        to: Annotated[schemas.Phone, Query(description="Whose messages; write `+` as `%2B`")],
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=100, description="Messages on a page", examples=[10])] = 10,
    ) -> schemas.SmsPage:
        """What is older than a day has gone."""
        return await inbox.newest(to, cursor, limit)

    return routes
