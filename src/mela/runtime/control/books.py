"""Ledger and settlement as the control room shows them: asked of their services, wherever they run, over their own API.

What is asked carries the caller's token, or where there is none the one that this laptop made for itself.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx2
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from mela.kernel import errors
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty

CASE = "case_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
_TIMEOUT_S = 10.0


class LedgerCase(BaseModel):
    """Something that a person has to look at."""

    id: str = Field(description="The case", examples=[CASE])
    kind: str = Field(description="What it is", examples=["refund_refused"])
    about: str = Field(description="The payment or refund", examples=["rfnd_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])


class LedgerState(BaseModel):
    """Whether the books hold."""

    balanced: bool = Field(description="Whether all accounts add up to zero", examples=[True])
    agrees: bool | None = Field(
        description="Whether the gateway's books say the same; null when it does not answer", examples=[True]
    )
    cases: list[LedgerCase] = Field(description="What a person has to look at")


class NextSettlement(BaseModel):
    """The day on which today's sales are paid out."""

    date: dt.date = Field(description="A banking day", examples=["2026-11-27"])
    sellers: int = Field(description="Sellers who have money coming then", examples=[6])


class SettlementRun(BaseModel):
    """What a run has done."""

    date: dt.date = Field(description="The banking day", examples=["2026-11-27"])
    paid: int = Field(description="Payouts that the bank has confirmed", examples=[6])
    paid_paise: int = Field(description="Their sum", examples=[8450000])
    sending: int = Field(description="Payouts whose outcome is not known yet", examples=[0])
    carried: int = Field(description="Sellers carried forward to a later day", examples=[0])


class Services:
    """Calls services over HTTP, as the person on duty. `token`: this laptop's own, None where there is none."""

    def __init__(self, http: httpx2.AsyncClient, url_of: Callable[[str], str], token: Callable[[], str | None]) -> None:
        self._http, self._url_of, self._token = http, url_of, token

    async def ask(
        self, request: Request, method: str, service: str, path: str, *, key: str = "", body: Any = None
    ) -> Any:
        """The answer's JSON. Raises: what the service raised, Unreachable."""
        shown = request.headers.get("authorization") or (f"Bearer {token}" if (token := self._token()) else "")
        headers = {"authorization": shown, "accept-language": request.headers.get("accept-language", "en")}
        headers |= {"idempotency-key": key} if key else {}
        try:
            url = f"{self._url_of(service)}/api/{service}{path}"
            answer = await self._http.request(method, url, json=body, headers=headers, timeout=_TIMEOUT_S)
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise errors.Unreachable(service=service, seconds=1) from error
        if answer.status_code >= 400:
            raise errors.restore(str(found.get("code") or ""), answer.status_code, found.get("params") or {})
        return found


def add(api: APIRouter, services: Services) -> None:
    """The routes."""

    @api.get("/ledger", summary="Whether the books hold")
    async def get_ledger_state(_caller: OnDuty, request: Request) -> LedgerState:
        """Adds up the ledger, compares it with the gateway's books, lists open cases."""
        return LedgerState.model_validate(await services.ask(request, "GET", "payments", "/ledger/check"))

    @api.get("/settlement", summary="The next settlement", responses=refused({422: "settlement.no_calendar"}))
    async def get_next_settlement(_caller: OnDuty, request: Request) -> NextSettlement:
        """When today's sales are paid out, and to how many sellers."""
        return NextSettlement.model_validate(await services.ask(request, "GET", "settlement", "/next"))

    @api.post(
        "/settlement", summary="Run the next settlement now",
        responses=refused({422: "settlement.not_a_banking_day settlement.day_ahead settlement.no_calendar"}),
    )  # fmt: skip
    async def run_next_settlement(_caller: OnDuty, request: Request, key: Key) -> SettlementRun:
        """Pays what is due on that day, without waiting for it. Again: nobody is paid twice."""
        found = await services.ask(request, "POST", "settlement", "/runs", key=key, body={"date": None})
        return SettlementRun.model_validate(found)
