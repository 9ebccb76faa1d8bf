"""What the runtime reads."""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import httpx2

from mela.contracts.payments import Payments
from mela.kernel import clock, tables
from mela.kernel.service import Context, Job, Parts, Service
from mela.kernel.web.answers import Answers
from mela.services.payments import handlers, routes
from mela.services.payments.providers import Provider
from mela.services.payments.providers.cashfree import Cashfree
from mela.services.payments.providers.gateway import Gateway
from mela.services.payments.providers.http import Account
from mela.services.payments.providers.payu import PayU
from mela.services.payments.providers.phonepe import PhonePe
from mela.services.payments.providers.razorpay import Razorpay
from mela.services.payments.providers.tokens import Tokens
from mela.services.payments.routes import history as histories
from mela.services.payments.routes import merchants as merchant_routes
from mela.services.payments.routes import payouts as payout_routes
from mela.services.payments.rules import cases as case_rules
from mela.services.payments.rules import playing, routing, schedule
from mela.services.payments.rules import risk as risk_rules
from mela.services.payments.rules.routing import Board
from mela.services.payments.service import PaymentsService
from mela.services.payments.service.arrivals import Arrivals
from mela.services.payments.service.books import Books
from mela.services.payments.service.cases import Cases
from mela.services.payments.service.cash import Cash
from mela.services.payments.service.desk import Desk
from mela.services.payments.service.history import History
from mela.services.payments.service.merchants import Merchants
from mela.services.payments.service.offers import Offers
from mela.services.payments.service.play import PlayBank
from mela.services.payments.service.reconciliation import Reconciliation
from mela.services.payments.service.risk import Risk
from mela.services.payments.settings import Settings
from mela.services.payments.store import PERSONAL

DATA = Path(__file__).parent / "data"
ADAPTERS: Mapping[str, Callable[[httpx2.AsyncClient, Callable[[], Account]], Provider]] = {
    "gateway": Gateway, "razorpay": Razorpay, "cashfree": Cashfree, "phonepe": PhonePe, "payu": PayU,
}  # fmt: skip
CALLBACKS = "/api/payments/callbacks"


def build(ctx: Context[Settings]) -> Parts:
    """Put payments together."""
    checks = schedule.in_force(
        _data("status-checks"), clock.india_date(ctx.clock.now()), scale=ctx.settings.schedule_scale
    )
    weights = tables.read(Path(ctx.settings.routing_rules or DATA / "routing.yaml"))
    today = clock.india_date(ctx.clock.now())
    tariffs = routing.tariffs(weights, today)
    board = Board(routing.policy(weights, today), tariffs)
    plays = playing.plays(_data("test-outcomes"), _data("response-codes")["codes"])
    bank = PlayBank(ctx.db, ctx.clock, plays)
    desk = Desk([_provider(name, ctx) for name in ctx.settings.providers], board, ctx.clock, aside=bank)
    risk = _risk(ctx)
    offers = Offers(desk, ctx.clock, _data("methods"), ctx.settings.merchant_category)
    tokens = Tokens(ctx.http, _account("gateway", ctx))
    payments = PaymentsService(
        ctx.db, ctx.clock, desk, ctx.settings, checks=checks, risk=risk, tokens=tokens, offers=offers,
        bearers={row["reason"]: row["borne_by"] for row in _data("chargebacks")["bearers"]},
    )  # fmt: skip
    books = Books(ctx.db, ctx.clock)
    cases = Cases(ctx.db, ctx.clock, case_rules.kinds(_data("cases")["kinds"]))
    cash = Cash(ctx.db, ctx.clock, _data("cash"))
    days = _data("reconciliation")
    reconciliation = Reconciliation(ctx.db, ctx.clock, desk, Arrivals(ctx.db, ctx.clock, tariffs, days), days)
    answers = Answers(ctx.db, ctx.clock)
    api = routes.router(payments, books, reconciliation, cases, risk, offers, cash, answers=answers)
    histories.add(api, History(ctx.db, risk, _meanings()))
    merchants = Merchants(ctx.db, payments, bank)
    merchant_api = merchant_routes.router(merchants, answers, list(plays.values()))
    payout_routes.for_merchants(merchant_api, merchants)
    payout_routes.on_duty(api, merchants)
    api.routes.extend(merchant_api.routes)
    return Parts(
        implementation=payments,
        router=api,
        subscriptions=handlers.subscriptions(merchants),
        direct=routes.direct_callbacks(payments, ctx.settings.providers),
        jobs=[
            Job("ask_gateway", 1.0, payments.ask_gateway),
            Job("push_captures", 1.0, payments.push_captures),
            Job("push_refunds", 1.0, payments.push_refunds),
            Job("learn_downtimes", 30.0, offers.learn),
            Job("watch_cash", 3600.0, cash.watch),
            Job("ring_test_bank", 0.5, partial(bank.ring, payments.hear)),
            Job("forget_answers", 3600.0, answers.forget),
            Job("seal_ledger", 5.0, books.seal),
            Job("make_months", 600.0, books.make_months),
            Job("reconcile", 600.0, reconciliation.run_due),
            Job("read_screening_list", 60.0, risk.read_list),
        ],
    )


def _meanings() -> dict[str, str]:
    """What reasons mean: NPCI's codes, and ours."""
    ours: dict[str, str] = _data("reasons")["reasons"]
    return {row["code"]: row["meaning"] for row in _data("response-codes")["codes"]} | ours


def _risk(ctx: Context[Settings]) -> Risk:
    """The rules and the screening list of this deployment, or the samples."""
    rows = tables.read(Path(ctx.settings.risk_rules or DATA / "risk.yaml"))
    today = risk_rules.in_force(rows, clock.india_date(ctx.clock.now()))
    listing = Path(ctx.settings.screening_list or DATA / "screening.csv")
    return Risk(ctx.db, ctx.clock, today, listing, within_s=ctx.settings.risk_within_s)


def _provider(name: str, ctx: Context[Settings]) -> Provider:
    """One provider, with our account there."""
    return ADAPTERS[name](ctx.http, _account(name, ctx))


def _account(name: str, ctx: Context[Settings]) -> Callable[[], Account]:
    """Our account at a provider, with the keys of now."""
    base = (ctx.settings.callback_base or ctx.url).rstrip("/")

    def made(given: Settings, keys: list[str], before: Account | None = None) -> Account:
        key_id, secret, webhook = keys
        here = f"{base}{CALLBACKS}/{name}"
        return Account(given.url_of(name), key_id, secret, webhook, here, given.gateway_timeout_s, before)

    @lru_cache(maxsize=1)
    def of(given: Settings) -> Account:
        previous = given.previous_keys_of(name)
        return made(given, given.keys_of(name), made(given, previous) if previous else None)

    return lambda: of(ctx.now())


def _data(name: str) -> Any:
    return tables.read(DATA / f"{name}.yaml")


SERVICE = Service(
    name="payments",
    settings=Settings,
    build=build,
    contract=Payments,
    permits={
        "orders": frozenset({"start", "get", "cancel", "collect_cash", "refund"}),
        "settlement": frozenset({"get", "post", "withheld"}),
    },
    events=True,
    personal=PERSONAL,
    migrations="mela.services.payments.migrations",
    messages=DATA / "messages.yaml",
)
