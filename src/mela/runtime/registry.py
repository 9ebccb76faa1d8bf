"""Every service and simulator by name: which others it calls, and whose events it hears.

Data, so that a pod knows its neighbours without importing them. A test holds each row against the service's own `app.py`.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path

import mela
from mela.kernel.service import Service

_PACKAGE = Path(mela.__file__).parent


@dataclass(frozen=True)
class Entry:
    """`uses`: services it calls. `hears`: names of events it subscribes to. `simulator`: stands for the outside world.

    `optional`: a deployment may do without it. Apart and without Kafka, events are sent to it only where `MELA_PEERS` names it.
    """

    name: str
    module: str
    about: str
    uses: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    simulator: bool = False
    optional: bool = False


PROVIDERS = {"razorpay": "Razorpay", "cashfree": "Cashfree", "phonepe": "PhonePe", "payu": "PayU"}
"""Simulated providers with their own shapes, beside the gateway with ours."""

ENTRIES: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("sms", "mela.simulators.sms.app", "the phones' SMS inbox (simulator)", simulator=True),
        Entry("gateway", "mela.simulators.gateway.app", "a payment gateway and its bank (simulator)", simulator=True),
        *(Entry(name, f"mela.simulators.gateway.faces.{name}", f"a payment provider after {like} (simulator)", simulator=True)
          for name, like in PROVIDERS.items()),
        Entry("accounts", "mela.services.accounts.app", "sign-in by phone, API keys"),
        Entry("catalog", "mela.services.catalog.app", "products, prices, stock, search", uses=("accounts",)),
        Entry("payments", "mela.services.payments.app", "UPI, cards, net banking, wallets, cash, refunds, the ledger", uses=("accounts",),
              hears=("settlement.payout_opened", "settlement.paid")),
        Entry("orders", "mela.services.orders.app", "cart, checkout, orders, invoices",
              uses=("accounts", "catalog", "payments"),
              hears=("payments.captured", "payments.ready", "payments.failed", "payments.refunded", "payments.refund_failed",
                     "payments.refund_retried")),
        Entry("settlement", "mela.services.settlement.app", "what sellers get, and when",
              uses=("accounts", "payments", "catalog"), hears=("orders.sold", "orders.unsold", "payments.merchant_moved")),
        Entry("webhooks", "mela.services.webhooks.app", "tells sellers and the operator's systems what happened",
              uses=("accounts",),
              hears=("orders.sold", "orders.unsold", "payments.authorized", "payments.captured", "payments.failed", "payments.refunded",
                     "payments.refund_failed", "payments.merchant_moved", "settlement.paid", "webhooks.endpoint_disabled"), optional=True),
        Entry("streaming", "mela.services.streaming.app", "who watches which match, right now"),
    )
}  # fmt: skip
"""In the order in which they are built: each after those it calls."""


def load(name: str) -> Service:
    """Import one service. Raises: KeyError for an unknown name."""
    service: Service = importlib.import_module(ENTRIES[name].module).SERVICE
    return service


def message_files() -> list[Path]:
    """The error texts of every service, its own or another's: an error may have come from a peer in another process."""
    found = (_PACKAGE.joinpath(*entry.module.split(".")[1:3], "data", "messages.yaml") for entry in ENTRIES.values())
    return [
        file
        for file in dict.fromkeys((*found, _PACKAGE / "runtime" / "control" / "data" / "messages.yaml"))
        if file.exists()
    ]


def hearers(event: str) -> list[str]:
    """The services that subscribe to an event name."""
    return [entry.name for entry in ENTRIES.values() if event in entry.hears]


def sources(name: str) -> list[str]:
    """The services whose events `name` hears."""
    return sorted({event.split(".", 1)[0] for event in ENTRIES[name].hears})
