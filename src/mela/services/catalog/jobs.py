"""The catalogue's timers."""

from mela.kernel.service import Job
from mela.services.catalog.service.catalog import CatalogService
from mela.services.catalog.settings import Settings


def jobs(catalog: CatalogService, settings: Settings) -> list[Job]:
    """Both may run in several processes at once: what one has done, the others find done."""
    return [
        Job("expire reservations", settings.expire_every_s, catalog.expire_reservations),
        Job("forget keys", 3_600.0, catalog.forget_keys),
    ]
