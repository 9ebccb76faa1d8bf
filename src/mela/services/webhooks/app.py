"""What the runtime reads of webhooks."""

from pathlib import Path
from typing import Any

from mela.contracts.accounts import Accounts
from mela.kernel import clock, tables
from mela.kernel.service import Context, Parts, Service
from mela.services.webhooks import handlers, jobs, routes
from mela.services.webhooks.rules import addresses, schedule
from mela.services.webhooks.schemas.payloads import FOR_SELLERS
from mela.services.webhooks.service import Post, Sender, Webhooks
from mela.services.webhooks.service.vault import opener
from mela.services.webhooks.settings import WebhooksSettings
from mela.services.webhooks.store import PERSONAL

_DATA = Path(__file__).parent / "data"


def build(context: Context[WebhooksSettings]) -> Parts:
    """Put the service together."""
    given, today = context.settings, clock.india_date(context.clock.now())
    guard = addresses.guard(_data("addresses"), today, allow_loopback=given.allow_loopback)
    waits = schedule.in_force(_data("schedule"), today, scale=given.schedule_scale)
    post = Post(guard, timeout_s=given.timeout_s, most=given.slots)
    sender = Sender(context.db, context.clock, post, opener(given.keys), waits, given)
    webhooks = Webhooks(context.db, context.clock, guard, given, for_sellers=FOR_SELLERS, wake=sender.wake)
    return Parts(
        implementation=webhooks,
        router=routes.router(webhooks),
        subscriptions=handlers.subscriptions(webhooks),
        jobs=jobs.jobs(sender, webhooks),
        close=sender.close,
    )


def _data(name: str) -> Any:
    return tables.read(_DATA / f"{name}.yaml")


SERVICE = Service(
    name="webhooks",
    settings=WebhooksSettings,
    build=build,
    uses=(Accounts,),
    events=True,
    personal=PERSONAL,
    migrations="mela.services.webhooks.migrations",
    messages=_DATA / "messages.yaml",
)
