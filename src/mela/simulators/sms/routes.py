"""The inbox over HTTP: a sender puts messages in, a phone reads them."""

from typing import Annotated

from fastapi import APIRouter, Query

from mela.simulators.sms import schemas
from mela.simulators.sms.service import Inbox


def router(inbox: Inbox) -> APIRouter:
    """All routes of the inbox."""
    routes = APIRouter(prefix="/sim/sms", tags=["simulated SMS"])

    @routes.post("/messages", status_code=201, summary="Send a message")
    async def send_sms(body: schemas.NewSms) -> schemas.Sms:
        """The same reference again sends nothing more; with another phone or text it is refused (409)."""
        return await inbox.receive(body)

    @routes.get("/messages", summary="Read a phone's messages, newest first")
    async def list_sms(
        to: Annotated[schemas.Phone, Query(description="Whose messages; write `+` as `%2B`")],
        limit: Annotated[int, Query(ge=1, le=100, description="At most so many", examples=[10])] = 10,
    ) -> schemas.SmsInbox:
        """What is older than a day has gone."""
        return await inbox.newest(to, limit)

    return routes
