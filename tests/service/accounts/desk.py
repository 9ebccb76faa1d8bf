"""Accounts as its tests see it: running beside the real SMS inbox, and asked who is calling."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from mela.kernel import auth
from mela.kernel.clock import FakeClock
from mela.services.accounts.app import SERVICE
from mela.simulators.sms.app import SERVICE as SMS
from tests import kit

PHONE = "+919876543210"
OPERATOR_TOKEN, OPERATOR_HASH = auth.new_token("operator")


@dataclass
class Desk:
    """`app` is accounts, `sms` the provider; `sms_away` cuts the provider off."""

    app: kit.Running
    sms: kit.Running
    clock: FakeClock
    line: "Line"

    async def ask(self, phone: str = PHONE, language: str = "en") -> httpx2.Response:
        """Ask for a code."""
        return await self.app.client.post(
            "/api/accounts/codes", json={"phone": phone}, headers={"accept-language": language}
        )

    async def texts(self, phone: str = PHONE) -> list[str]:
        """What the phone got, newest first."""
        answer = await self.sms.client.get("/sim/sms/messages", params={"to": phone})
        return [message["text"] for message in answer.json()["items"]]

    async def code(self, phone: str = PHONE) -> str:
        """The newest code that the phone got."""
        found = re.search(r"[0-9]{6}", (await self.texts(phone))[0])
        assert found is not None
        return found[0]

    async def enter(self, code: str, phone: str = PHONE, device: str = "a phone") -> httpx2.Response:
        """Try to sign in."""
        body = {"phone": phone, "code": code}
        return await self.app.client.post("/api/accounts/sessions", json=body, headers={"user-agent": device})

    async def signed_in(self, phone: str = PHONE, device: str = "a phone") -> dict[str, str]:
        """Headers of a person who has signed in."""
        assert (await self.ask(phone)).status_code == 202
        answer = await self.enter(await self.code(phone), phone, device)
        assert answer.status_code == 201, answer.text
        return {"authorization": f"Bearer {answer.json()['token']}"}

    async def call(self, method: str, path: str, headers: dict[str, str], **kwargs: Any) -> httpx2.Response:
        """A request to `/api/accounts{path}`."""
        return await self.app.client.request(method, f"/api/accounts{path}", headers=headers, **kwargs)


class Line(httpx2.AsyncBaseTransport):
    """The line to the SMS provider, which may be cut."""

    def __init__(self) -> None:
        self.cut = False
        self.lose_answers = False
        self.provider: httpx2.AsyncBaseTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.cut or self.provider is None:
            raise httpx2.ConnectError("no provider")
        answer = await self.provider.handle_async_request(request)
        if self.lose_answers:
            raise httpx2.ReadTimeout("no answer")
        return answer


@asynccontextmanager
async def running(folder: Path, engine: str = "sqlite", url: str | None = None, **environ: str) -> AsyncIterator[Desk]:
    """Start accounts and the SMS inbox; whoever accounts knows is who is calling."""
    clock, line = FakeClock(datetime(2026, 11, 23, 12, 30, tzinfo=UTC)), Line()
    environ = {
        "MELA_ACCOUNTS_SMS_URL": "http://sms/sim/sms",
        "MELA_ACCOUNTS_OPERATOR_TOKEN_HASH": OPERATOR_HASH,
        **{f"MELA_ACCOUNTS_{name.upper()}": value for name, value in environ.items()},
    }
    async with (
        kit.running(SMS, folder, engine=engine, clock=clock) as sms,
        httpx2.AsyncClient(transport=line) as outside,
        kit.running(SERVICE, folder, engine=engine, url=url, clock=clock, environ=environ, http=outside) as app,
    ):
        line.provider = sms.client._transport
        app.client._transport.app.state.authenticator = app.service  # type: ignore[attr-defined]
        yield Desk(app, sms, clock, line)
