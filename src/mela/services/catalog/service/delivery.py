"""The delivery promise, read from its dated file."""

from functools import cache
from pathlib import Path

from mela.kernel import tables
from mela.services.catalog.rules.delivery import Area, Deliveries, Place

_FILE = Path(__file__).parents[1] / "data" / "delivery.yaml"


@cache
def deliveries() -> Deliveries:
    """All that the file promises."""
    document = tables.read(_FILE)
    days = {tier["id"]: tuple(tier["days"]) for tier in document["tiers"]}
    areas = {
        pin: Area(rows["tier"], days[rows["tier"]], rows["cash"])
        for rows in document["prefixes"]
        for pin in rows["pins"]
    }
    places = {row["id"]: Place(**row) for row in document["places"]}
    return Deliveries(document["mark"], document["effective_from"], areas, places)
