"""What payments asks of a provider, and what can come back. One module for each provider keeps this contract.

Every call may be repeated: it carries our own id as its reference, and the same reference is charged or refunded once.
A call never raises for what happens outside. It comes back with what the provider said, or with one of four answers:

    Declined   it understood and will not: nothing was charged, asking again would not help
    Absent     it has never heard of this reference
    Unknown    nobody knows: a time-out, a 5xx, a wrong key, an answer that cannot be read. It may have happened: pending
    Unsent     an Unknown that cannot have happened: no connection came about

हिन्दी: जवाब न आए तो भुगतान विफल नहीं माना जाता; "पता नहीं" भी एक जवाब है।
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

from mela.services.payments.model import (
    Charge,
    Downtime,
    Known,
    ProviderBooks,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
)

Can = Literal[
    "card", "netbanking", "wallet", "collect", "capture", "captures", "void", "downtimes", "report", "settlements"
]


@dataclass(frozen=True)
class Declined:
    """The provider understood and said no. `code` is its own, or an HTTP status."""

    code: str


@dataclass(frozen=True)
class Absent:
    """The provider has never heard of it."""


@dataclass(frozen=True)
class Unknown:
    """No answer that says what happened. `why` is for a log."""

    why: str


@dataclass(frozen=True)
class Unsent(Unknown):
    """The request never left: nothing can have happened."""


@dataclass(frozen=True)
class News:
    """What a callback says. `event_id` names it once and for all; `event` is its name at the provider.

    `look`: what the provider's signature does not cover is no word, only a hint to ask for the status of our payment;
    `look_at_dispute` the same of a dispute, by its id there.
    None of them for an event that we have no use for.
    """

    event_id: str
    event: str
    payment: ProviderPayment | None = None
    refund: ProviderRefund | None = None
    dispute: ProviderDispute | None = None
    look: str | None = None
    look_at_dispute: str | None = None


class Provider(Protocol):
    """A payment provider. `can`: what it offers beyond UPI links, status and refunds; other calls are Declined."""

    name: str
    can: frozenset[Can]

    async def create(self, new: Charge) -> ProviderPayment | Declined | Unknown:
        """Begin a payment: what comes back says where the payer pays."""
        ...

    async def status(self, known: Known) -> ProviderPayment | Absent | Unknown:
        """How a payment is."""
        ...

    async def capture(
        self, known: Known, amount: int, *, reference: str, final: bool
    ) -> ProviderPayment | Declined | Unknown:
        """Take an authorised payment, in full or in part, and with the `final` capture let go of the rest.

        Who cannot do several `captures` lets go with the first. `reference` tells them apart.
        """
        ...

    async def void(self, known: Known) -> ProviderPayment | Declined | Unknown:
        """Let an authorised payment go."""
        ...

    async def refund(self, known: Known, *, reference: str, amount: int) -> ProviderRefund | Declined | Unknown:
        """Give money of a captured payment back, in full or in part."""
        ...

    async def refund_status(self, known: Known, *, reference: str) -> ProviderRefund | Absent | Unknown:
        """How a refund is."""
        ...

    def read_callback(self, headers: Mapping[str, str], body: bytes, now: datetime) -> News:
        """What a callback says. Raises: BadSignature, also where it was signed too long before `now`; Invalid for a body of another shape."""
        ...

    async def dispute(self, dispute_id: str) -> ProviderDispute | Absent | Unknown:
        """How a dispute is, of a provider whose callbacks only hint at it."""
        ...

    async def downtimes(self) -> list[Downtime] | Unknown:
        """The banks, wallets and networks that it does not reach well now, or soon will not."""
        ...

    async def report(self, day: date, file: Path) -> Unknown | None:
        """Write what moved on a day in India to `file`, in the form of `service.matching`, whatever the provider's is."""
        ...

    async def settlements(self, day: date, file: Path) -> Unknown | None:
        """Write what was settled to our bank on a day in India to `file`, in the form of `service.settled`."""
        ...

    async def books(self) -> ProviderBooks | Unknown:
        """The sums of its books. Simulators tell them; no provider publishes such a call."""
        ...
