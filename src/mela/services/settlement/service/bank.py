"""The gateway's payouts, over HTTP. A payout has the same reference however often it is asked for."""

from collections.abc import Callable
from typing import Any

import httpx2

from mela.kernel import deadline
from mela.kernel.errors import Retryable
from mela.kernel.money import Paise
from mela.services.settlement.model import BankAccount, Payout
from mela.services.settlement.settings import SettlementSettings


class OutcomeUnknown(Retryable):
    """The gateway gave no answer that says whether the money left. Params: why."""

    code = "settlement.outcome_unknown"


class Bank:
    """Pays out, and says what became of a payout. `current`: the settings, whose key may change while we run."""

    def __init__(self, http: httpx2.AsyncClient, current: Callable[[], SettlementSettings]) -> None:
        self._http, self._current = http, current

    async def pay(self, payout: Payout, to: BankAccount) -> str:
        """Send the money; the bank's reference (UTR). Raises: OutcomeUnknown."""
        beneficiary = {"name": to.name, "account": to.account, "ifsc": to.ifsc}
        body = {"reference": payout.id, "amount": payout.amount, "beneficiary": beneficiary}
        return _utr(payout, await self._ask("POST", "/v1/payouts", json=body))

    async def outcome(self, payout: Payout) -> str | None:
        """The UTR of a payout that arrived at the gateway, None for one that never did. Raises: OutcomeUnknown."""
        answer = await self._ask("GET", "/v1/payouts", params={"reference": payout.id})
        return None if answer is None else _utr(payout, answer)

    async def paid_out(self) -> Paise:
        """The sum of all payouts in the gateway's own books. Raises: OutcomeUnknown."""
        answer = await self._ask("GET", "/v1/books", params={"limit": "1"})
        return Paise(int((answer or {})["totals"]["paid_out"]["amount"]))

    async def _ask(self, method: str, path: str, **parts: Any) -> dict[str, Any] | None:
        """The answer; None for 404. Everything else that is no success leaves the outcome unknown."""
        now = self._current()
        seconds, auth = deadline.left(now.gateway_timeout_s), (now.gateway_key_id, now.gateway_key_secret)
        try:
            response = await self._http.request(method, now.gateway_url + path, auth=auth, timeout=seconds, **parts)
            answer: dict[str, Any] = response.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise OutcomeUnknown(why=type(error).__name__) from error
        if response.status_code == 404 and method == "GET":
            return None
        if response.status_code >= 300:
            raise OutcomeUnknown(why=f"{response.status_code} {answer.get('code', '')}".strip())
        return answer


def _utr(payout: Payout, answer: dict[str, Any] | None) -> str:
    """Raises: OutcomeUnknown unless the gateway says that this very amount was sent."""
    found = answer or {}
    if found.get("status") != "processed" or found.get("amount") != payout.amount or not found.get("utr"):
        raise OutcomeUnknown(why=f"answered {found.get('status')}")
    return str(found["utr"])
