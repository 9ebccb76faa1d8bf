"""What the runtime reads: the gateway in its own manner, and how to build one in another provider's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Row

from mela.kernel.service import Context, Job, Parts, Service
from mela.simulators.gateway import routes, signature
from mela.simulators.gateway.callbacks import Sender
from mela.simulators.gateway.service import Gateway
from mela.simulators.gateway.settings import Settings


@dataclass(frozen=True)
class Face:
    """How a provider looks from outside. The books behind are the same for all, each provider's in a database of its own."""

    name: str

    def router(self, gateway: Gateway, settings: Settings) -> APIRouter:
        """Its API."""
        return routes.router(gateway, settings)

    def callback(self, settings: Settings, row: Row[Any]) -> tuple[dict[str, str], bytes] | None:
        """Headers and body of a callback; None for an event that this provider has no callback for."""
        body = row.body.encode()
        signed = signature.hex_hmac(settings.webhook_secret, body)
        return {
            "content-type": "application/json", signature.HEADER: signed, signature.EVENT_ID: row.id,
        }, body  # fmt: skip


def service(face: Face) -> Service:
    """A provider with this face."""

    def build(ctx: Context[Settings]) -> Parts:
        sender = Sender(ctx.db, ctx.clock, ctx.http, ctx.settings, face.callback)
        gateway = Gateway(ctx.db, ctx.clock, sender, ctx.settings, name=face.name)
        return Parts(
            implementation=gateway,
            router=face.router(gateway, ctx.settings),
            jobs=[Job("let_time_pass", 1.0, gateway.let_time_pass), Job("send_callbacks", 0.5, sender.run)],
            close=sender.close,
        )

    return Service(
        name=face.name,
        settings=Settings,
        build=build,
        migrations="mela.simulators.gateway.migrations",
        messages=Path(__file__).parent / "data" / "messages.yaml",
    )


SERVICE = service(Face("gateway"))
