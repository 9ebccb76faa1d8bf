"""What the runtime reads of orders."""

from pathlib import Path

from mela.contracts.accounts import Accounts
from mela.contracts.catalog import Catalog
from mela.contracts.payments import Payments
from mela.kernel import i18n, tables
from mela.kernel.service import Context, Job, Parts, Service
from mela.services.orders import handlers, routes, store
from mela.services.orders.service import Orders
from mela.services.orders.service.erasure import Erasure
from mela.services.orders.settings import OrdersSettings

_DATA = Path(__file__).parent / "data"
_MESSAGES = _DATA / "messages.yaml"


def build(context: Context[OrdersSettings]) -> Parts:
    """Put the service together."""
    catalog, payments = context.peer(Catalog), context.peer(Payments)
    orders = Orders(
        context.db,
        catalog,
        payments,
        context.clock,
        context.settings,
        _states_by_prefix(),
        i18n.Messages.load(_MESSAGES),
    )
    erasure = Erasure(context.db, context.peer(Accounts), context.clock, context.settings.address_days)
    return Parts(
        implementation=orders,
        router=routes.router(orders),
        subscriptions=handlers.subscriptions(orders),
        jobs=[
            Job("drive", context.settings.drive_every_s, orders.drive_stuck),
            Job("forget keys", 3_600.0, orders.forget_keys),
            Job("erase", context.settings.erase_every_s, erasure.run),
        ],
    )


def _states_by_prefix() -> dict[str, list[str]]:
    document = tables.read(_DATA / "pin_prefixes.yaml")
    return {str(row["prefix"]): row["state_codes"] for row in document["prefixes"]}


SERVICE = Service(
    name="orders",
    settings=OrdersSettings,
    build=build,
    uses=(Accounts, Catalog, Payments),
    events=True,
    migrations="mela.services.orders.migrations",
    messages=_MESSAGES,
    personal=store.PERSONAL,
)
