"""The catalogue as the runtime sees it."""

from pathlib import Path

from mela.contracts.catalog import Catalog
from mela.kernel.service import Context, Parts, Service
from mela.services.catalog import routes
from mela.services.catalog.jobs import jobs
from mela.services.catalog.service.catalog import CatalogService
from mela.services.catalog.service.reference import References
from mela.services.catalog.service.shop import Shop
from mela.services.catalog.settings import Settings


def build(context: Context[Settings]) -> Parts:
    """The catalogue on its database."""
    references = References(context.db)
    catalog = CatalogService(context.db, context.clock, context.settings, references)
    shop = Shop(context.db, context.clock, context.settings, references)
    return Parts(
        implementation=catalog,
        router=routes.router(catalog, shop),
        jobs=jobs(catalog, context.settings),
        load_samples=catalog.load_samples,
    )


SERVICE = Service(
    name="catalog",
    settings=Settings,
    build=build,
    contract=Catalog,
    permits={
        "orders": frozenset({"price", "reserve", "commit", "release", "restock", "sellers"}),
        "settlement": frozenset({"sellers"}),
    },
    migrations="mela.services.catalog.migrations",
    messages=Path(__file__).parent / "data" / "messages.yaml",
)
