"""The chaos drawer: what goes wrong at the simulated gateway, told to it over its own API."""

from collections.abc import Mapping
from typing import Annotated, Any

import httpx2
from fastapi import APIRouter
from pydantic import Field, StringConstraints

from mela.kernel import errors
from mela.kernel.errors import NotFound
from mela.kernel.web.inputs import Strict
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False, strict=True)]
Bank = Annotated[str, StringConstraints(pattern=r"^([A-Z]{4}|[a-z]{3,12})$")]
_SIMULATED = "/sim/gateway"
_ABSENT = refused({404: "control.no_simulator"})


class NoSimulator(NotFound):
    """The gateway is a real one, or none is configured: nothing goes wrong there on demand."""

    code = "control.no_simulator"


class Chaos(Strict):
    """What goes wrong. Shares are from 0 (never) to 1 (always). Nothing of it may cost anybody a rupee or a piece."""

    slow_ms: int = Field(
        default=0, ge=0, le=10_000, description="The gateway thinks so long before each answer", examples=[1500]
    )
    drop_after_debit: Share = Field(
        default=0.0,
        description="The payer is debited and then nothing is heard: neither answer nor callback",
        examples=[0.2],
    )
    lie: Share = Field(
        default=0.0, description="Asked about a payment that was made, it says that it failed", examples=[0.1]
    )
    answer_twice: Share = Field(default=0.0, description="A callback comes again after it was taken", examples=[0.5])
    decline: Share = Field(default=0.0, description="The payer's bank says no", examples=[0.3])
    refuse_refunds: Share = Field(
        default=0.0, description="The payer's bank does not take a refund: a case for a person", examples=[0.5]
    )
    deemed: Share = Field(
        default=0.0, description="A UPI payment is debited, and the other bank confirms it only later", examples=[0.2]
    )
    deemed_reversed: Share = Field(default=0.0, description="Of those: reversed in the end, not paid", examples=[0.3])
    banks_down: list[Bank] = Field(
        default_factory=list,
        max_length=100,
        description="Banks (as their IFSCs begin) and wallets that nobody reaches",
        examples=[["SBIN"]],
    )
    down: bool = Field(default=False, description="It answers nobody at all", examples=[False])

    def plan(self) -> dict[str, Any]:
        """As the gateway's own plan."""
        return {
            "latency_ms": self.slow_ms, "drop_after_debit": self.drop_after_debit, "lie": self.lie, "callback_twice": self.answer_twice,
            "decline": self.decline, "refund_refused": self.refuse_refunds, "deemed": self.deemed,
            "deemed_reversed": self.deemed_reversed, "banks_down": self.banks_down, "drop_before": 1.0 if self.down else 0.0,
        }  # fmt: skip

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Chaos":
        """From the gateway's own plan."""
        return cls(
            slow_ms=min(plan["latency_ms"], 10_000), drop_after_debit=plan["drop_after_debit"], lie=plan["lie"],
            answer_twice=plan["callback_twice"], decline=plan["decline"], refuse_refunds=plan["refund_refused"], deemed=plan["deemed"],
            deemed_reversed=plan["deemed_reversed"], banks_down=plan["banks_down"], down=plan["drop_before"] == 1.0,
        )  # fmt: skip


class Drawer:
    """Tells the gateway its plan. `environ`: where it is and with which key, as payments knows it."""

    def __init__(self, http: httpx2.AsyncClient, environ: Mapping[str, str]) -> None:
        self._http = http
        self._url = environ.get("MELA_PAYMENTS_GATEWAY_URL", "").rstrip("/")
        names = ("MELA_PAYMENTS_GATEWAY_KEY_ID", "MELA_PAYMENTS_GATEWAY_KEY_SECRET")
        self._auth = httpx2.BasicAuth(*(environ.get(name, "") for name in names))

    async def ask(self, method: str, plan: dict[str, Any] | None = None) -> Chaos:
        """Read the plan, or replace it. Raises: NoSimulator, Unreachable."""
        if not self._url.endswith(_SIMULATED):
            raise NoSimulator
        try:
            answer = await self._http.request(method, f"{self._url}/plan", json=plan, auth=self._auth, timeout=5.0)
            answer.raise_for_status()
            return Chaos.of(answer.json())
        except httpx2.HTTPError as error:
            raise errors.Unreachable(service="gateway", seconds=1) from error


def add(api: APIRouter, drawer: Drawer) -> None:
    """The routes."""

    @api.get("/chaos", summary="What goes wrong at the gateway", responses=_ABSENT)
    async def get_chaos(_caller: OnDuty) -> Chaos:
        """The plan in force."""
        return await drawer.ask("GET")

    @api.put("/chaos", summary="Let something go wrong at the gateway", responses=_ABSENT)
    async def set_chaos(_caller: OnDuty, body: Chaos) -> Chaos:
        """Replaces the plan in force; it survives a restart."""
        return await drawer.ask("POST", body.plan())

    @api.delete("/chaos", summary="Let all go well again", responses=_ABSENT)
    async def end_chaos(_caller: OnDuty) -> Chaos:
        """The gateway behaves."""
        return await drawer.ask("POST", {})
