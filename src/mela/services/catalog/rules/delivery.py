"""When a parcel arrives and whether cash is taken at the door, by PIN code."""

from dataclasses import dataclass
from datetime import date, timedelta

from mela.kernel.errors import NotFound
from mela.services.catalog.model import Promise, Texts


class UnknownPlace(NotFound):
    """No parcel goes there, or nobody knows this city. Params: place."""

    code = "catalog.unknown_place"


@dataclass(frozen=True)
class Area:
    """PIN codes of one prefix; days from and to, both counted from the day of the order."""

    tier: str
    days: tuple[int, int]
    cash: bool


@dataclass(frozen=True)
class Place:
    """A city by name; `pin` is one of its PIN codes."""

    id: str
    pin: str
    state_code: str
    names: Texts


@dataclass(frozen=True)
class Deliveries:
    """What is promised, by prefix of the PIN code."""

    mark: str
    effective_from: date
    areas: dict[str, Area]
    places: dict[str, Place]

    def pin_of(self, city: str) -> str:
        """A PIN code of a city. Raises: UnknownPlace."""
        if city not in self.places:
            raise UnknownPlace(place=city)
        return self.places[city].pin

    def promise(self, pin: str, on: date) -> Promise:
        """The promise for a PIN code, for an order of a day. The longest prefix decides. Raises: UnknownPlace."""
        for length in range(len(pin), 0, -1):
            if (area := self.areas.get(pin[:length])) is not None:
                earliest, latest = (on + timedelta(days=days) for days in area.days)
                return Promise(pin, area.tier, earliest, latest, area.cash, self.mark, self.effective_from)
        raise UnknownPlace(place=pin)
