"""What the runtime reads."""

from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2
import yaml

from mela.contracts.payments import Payments
from mela.kernel import clock
from mela.kernel.service import Context, Job, Parts, Service
from mela.services.payments import routes
from mela.services.payments.providers import Provider
from mela.services.payments.providers.cashfree import Cashfree
from mela.services.payments.providers.gateway import Gateway
from mela.services.payments.providers.http import Account
from mela.services.payments.providers.payu import PayU
from mela.services.payments.providers.phonepe import PhonePe
from mela.services.payments.providers.razorpay import Razorpay
from mela.services.payments.rules import cases as case_rules
from mela.services.payments.rules import risk as risk_rules
from mela.services.payments.rules import routing, schedule
from mela.services.payments.rules.routing import Board
from mela.services.payments.service import PaymentsService
from mela.services.payments.service.books import Books
from mela.services.payments.service.cases import Cases
from mela.services.payments.service.desk import Desk
from mela.services.payments.service.reconciliation import Reconciliation
from mela.services.payments.service.risk import Risk
from mela.services.payments.settings import Settings

DATA = Path(__file__).parent / "data"
ADAPTERS: Mapping[str, Callable[[httpx2.AsyncClient, Account], Provider]] = {
    "gateway": Gateway, "razorpay": Razorpay, "cashfree": Cashfree, "phonepe": PhonePe, "payu": PayU,
}  # fmt: skip
CALLBACKS = "/api/payments/callbacks"


def build(ctx: Context[Settings]) -> Parts:
    """Put payments together."""
    rows = yaml.safe_load((DATA / "status-checks.yaml").read_text(encoding="utf-8"))
    checks = schedule.in_force(rows, clock.india_date(ctx.clock.now()), scale=ctx.settings.schedule_scale)
    weights = yaml.safe_load(Path(ctx.settings.routing_rules or DATA / "routing.yaml").read_text(encoding="utf-8"))
    today = clock.india_date(ctx.clock.now())
    board = Board(routing.policy(weights, today), routing.tariffs(weights, today))
    desk = Desk([_provider(name, ctx) for name in ctx.settings.providers], board, ctx.clock)
    risk = _risk(ctx)
    payments = PaymentsService(ctx.db, ctx.clock, desk, ctx.settings, checks, risk)
    books = Books(ctx.db, ctx.clock)
    breaks = yaml.safe_load((DATA / "reconciliation.yaml").read_text(encoding="utf-8"))
    kinds = yaml.safe_load((DATA / "cases.yaml").read_text(encoding="utf-8"))["kinds"]
    cases = Cases(ctx.db, ctx.clock, case_rules.kinds(kinds))
    reconciliation = Reconciliation(ctx.db, ctx.clock, desk, breaks)
    return Parts(
        implementation=payments,
        router=routes.router(payments, books, reconciliation, cases, risk),
        jobs=[
            Job("ask_gateway", 1.0, payments.ask_gateway),
            Job("push_refunds", 1.0, payments.push_refunds),
            Job("seal_ledger", 5.0, books.seal),
            Job("reconcile", 600.0, reconciliation.run_due),
            Job("read_screening_list", 60.0, risk.read_list),
        ],
    )


def _risk(ctx: Context[Settings]) -> Risk:
    """The rules and the screening list of this deployment, or the samples."""
    rows = yaml.safe_load(Path(ctx.settings.risk_rules or DATA / "risk.yaml").read_text(encoding="utf-8"))
    today = risk_rules.in_force(rows, clock.india_date(ctx.clock.now()))
    listing = Path(ctx.settings.screening_list or DATA / "screening.csv")
    return Risk(ctx.db, ctx.clock, today, listing, within_s=ctx.settings.risk_within_s)


def _provider(name: str, ctx: Context[Settings]) -> Provider:
    """One provider, with our account there."""
    base = (ctx.settings.callback_base or ctx.url).rstrip("/")
    url, (key_id, secret, webhook) = ctx.settings.url_of(name), ctx.settings.keys_of(name)
    account = Account(url, key_id, secret, webhook, f"{base}{CALLBACKS}/{name}", ctx.settings.gateway_timeout_s)
    return ADAPTERS[name](ctx.http, account)


SERVICE = Service(
    name="payments",
    settings=Settings,
    build=build,
    contract=Payments,
    permits={
        "orders": frozenset({"start", "get", "cancel", "collect_cash", "refund"}),
        "settlement": frozenset({"get", "post"}),
    },
    events=True,
    migrations="mela.services.payments.migrations",
    messages=DATA / "messages.yaml",
)
