"""What the runtime reads."""

from pathlib import Path

from mela.kernel.service import Context, Job, Parts, Service
from mela.simulators.gateway import routes
from mela.simulators.gateway.callbacks import Sender
from mela.simulators.gateway.service import Gateway
from mela.simulators.gateway.settings import Settings


def build(ctx: Context[Settings]) -> Parts:
    """Put the gateway together."""
    sender = Sender(ctx.db, ctx.clock, ctx.http, ctx.settings)
    gateway = Gateway(ctx.db, ctx.clock, sender, ctx.settings)
    return Parts(
        implementation=gateway,
        router=routes.router(gateway, ctx.settings),
        jobs=[Job("let_time_pass", 1.0, gateway.let_time_pass), Job("send_callbacks", 0.5, sender.run)],
        close=sender.close,
    )


SERVICE = Service(
    name="gateway",
    settings=Settings,
    build=build,
    migrations="mela.simulators.gateway.migrations",
    messages=Path(__file__).parent / "data" / "messages.yaml",
)
