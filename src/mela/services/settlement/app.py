"""What the runtime reads of settlement."""

from pathlib import Path
from typing import Any

from mela.contracts.accounts import Accounts
from mela.contracts.catalog import Catalog
from mela.contracts.payments import Payments
from mela.kernel import tables
from mela.kernel.service import Context, Parts, Service
from mela.services.settlement import handlers, jobs, routes, store
from mela.services.settlement.rules import calendar, merchant_fees, rates
from mela.services.settlement.service import Bank, Settlement
from mela.services.settlement.settings import SettlementSettings

_DATA = Path(__file__).parent / "data"


def build(context: Context[SettlementSettings]) -> Parts:
    """Put the service together."""
    settlement = Settlement(
        context.db, context.peer(Payments), context.peer(Catalog), Bank(context.http, context.now), context.clock,
        context.settings, calendar=calendar.read(_data("bank_holidays")), rates=_rates(),
        merchant_fees_=merchant_fees.read(_data("merchant_fees")),
    )  # fmt: skip

    async def load_samples() -> int:
        return await settlement.load_accounts(_data("bank_accounts"))

    return Parts(
        implementation=settlement,
        router=routes.router(settlement),
        subscriptions=handlers.subscriptions(settlement),
        jobs=jobs.jobs(settlement, context.settings.look_every_s),
        load_samples=load_samples,
    )


def _rates() -> rates.Rates:
    commission = [row | {"name": f"{rates.COMMISSION}:{row['category']}"} for row in _data("commission")]
    return rates.read([*_data("rates"), *commission])


def _data(name: str) -> Any:
    return tables.read(_DATA / f"{name}.yaml")


SERVICE = Service(
    name="settlement",
    settings=SettlementSettings,
    build=build,
    uses=(Accounts, Payments, Catalog),
    events=True,
    migrations="mela.services.settlement.migrations",
    messages=_DATA / "messages.yaml",
    personal=store.PERSONAL,
)
