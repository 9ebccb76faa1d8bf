"""Our side of the gateway's HTTP API. Every request may be repeated: it carries our own id as its reference."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from pydantic import ValidationError

from mela.kernel import deadline, messages
from mela.kernel.errors import Unreachable
from mela.kernel.telemetry import tracing
from mela.services.payments.model import GatewayBooks, GatewayPayment, GatewayRefund
from mela.services.payments.settings import Settings

T = TypeVar("T")
MAY_PASS = frozenset({401, 403, 408, 425, 429})
"""Refusals that are not about the request: a wrong key or too many requests. Until they end, nobody knows."""

_DAY_S = 60.0
"""A day's file may pause for so long."""


class Refused(Exception):
    """The gateway understood and said no: asking again would not help."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gateway:
    """The gateway as we know it."""

    def __init__(self, http: httpx2.AsyncClient, settings: Settings, callback_url: str) -> None:
        self._http, self._callback_url = http, callback_url
        self._root = settings.gateway_url.rstrip("/") + "/v1"
        self._auth = httpx2.BasicAuth(settings.gateway_key_id, settings.gateway_key_secret)
        self._timeout_s = settings.gateway_timeout_s

    async def create(
        self, *, reference: str, amount: int, description: str, expires: datetime, now: datetime
    ) -> GatewayPayment:
        """Begin a payment there. Raises: Unreachable (it may have begun), Refused."""
        body = {
            "reference": reference, "amount": amount, "currency": "INR", "method": "upi", "description": description,
            "expire_seconds": max(1, int((expires - now).total_seconds())), "callback_url": self._callback_url,
        }  # fmt: skip
        return await self._ask(GatewayPayment, "POST", "/payments", body)

    async def payment(self, gateway_id: str) -> GatewayPayment:
        """Status check. Raises: Unreachable, Refused."""
        return await self._ask(GatewayPayment, "GET", f"/payments/{gateway_id}")

    async def find(self, reference: str) -> GatewayPayment | None:
        """Status check by our own id; None when the gateway has never heard of it. Raises: Unreachable, Refused."""
        try:
            return await self._ask(GatewayPayment, "GET", f"/payments?reference={reference}")
        except Refused as error:
            if error.status == 404:
                return None
            raise

    async def refund(self, *, gateway_id: str, reference: str, amount: int) -> GatewayRefund:
        """Give money back. Raises: Unreachable (it may have happened), Refused."""
        return await self._ask(
            GatewayRefund, "POST", f"/payments/{gateway_id}/refunds", {"reference": reference, "amount": amount}
        )

    async def books(self) -> GatewayBooks:
        """The sums of its books. Raises: Unreachable, Refused."""
        return await self._ask(GatewayBooks, "GET", "/books?limit=1")

    async def day(self, day: date, file: Path) -> None:
        """Write the provider's file of an Indian day to `file`, as it comes. Raises: Unreachable, Refused."""
        url = f"{self._root}/reports/transactions?day={day}"
        try:
            async with self._http.stream("GET", url, auth=self._auth, timeout=_DAY_S) as answer:
                if 400 <= answer.status_code < 500 and answer.status_code not in MAY_PASS:
                    raise Refused(answer.status_code)
                answer.raise_for_status()
                with file.open("wb") as out:
                    async for part in answer.aiter_bytes():
                        out.write(part)
        except httpx2.HTTPError as error:
            raise Unreachable(service="gateway", seconds=1) from error

    async def _ask(self, of: type[T], method: str, path: str, body: dict[str, Any] | None = None) -> T:
        seconds = deadline.left(self._timeout_s)
        content = None if body is None else messages.to_json(body)
        headers = {} if body is None else {"content-type": "application/json"}
        try:
            with tracing.span("call", url=f"gateway {method} {path.split('/')[1].split('?', maxsplit=1)[0]}"):
                answer = await self._http.request(
                    method, self._root + path, content=content, headers=headers, auth=self._auth, timeout=max(seconds, 0.001)
                )  # fmt: skip
            if 400 <= answer.status_code < 500 and answer.status_code not in MAY_PASS:
                raise Refused(answer.status_code)
            answer.raise_for_status()
            return messages.from_json(of, answer.content)
        except (httpx2.HTTPError, ValidationError) as error:
            raise Unreachable(service="gateway", seconds=1) from error
