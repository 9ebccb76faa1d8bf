"""What the runtime reads."""

from pathlib import Path

from mela.kernel.service import Context, Job, Parts, Service
from mela.simulators.sms import routes
from mela.simulators.sms.service import Inbox
from mela.simulators.sms.settings import Settings


def build(ctx: Context[Settings]) -> Parts:
    """Put the inbox together."""
    inbox = Inbox(ctx.db, ctx.clock, ctx.settings)
    return Parts(inbox, routes.router(inbox), jobs=[Job("forget", 60.0, inbox.forget)])


SERVICE = Service(
    name="sms",
    settings=Settings,
    build=build,
    migrations="mela.simulators.sms.migrations",
    messages=Path(__file__).parent / "data" / "messages.yaml",
)
