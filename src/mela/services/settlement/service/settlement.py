"""The use cases of settlement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

import structlog
from prometheus_client import Counter

from mela.contracts.catalog import Catalog
from mela.contracts.orders import OrderSold, OrderUnsold
from mela.contracts.payments import MerchantPaymentMoved, Payments
from mela.kernel import idempotency, ids
from mela.kernel.clock import Clock, india, india_date
from mela.kernel.db import Database
from mela.kernel.errors import MelaError, NotFound, Rejected
from mela.kernel.money import Paise
from mela.services.settlement import store
from mela.services.settlement.model import Check, Entry, EntryKind, Payout, Run, Statement
from mela.services.settlement.rules import calendar as banking
from mela.services.settlement.rules import checks, fees, merchant_fees
from mela.services.settlement.rules.calendar import Calendar
from mela.services.settlement.rules.rates import Rates
from mela.services.settlement.service.bank import Bank, OutcomeUnknown
from mela.services.settlement.settings import SettlementSettings

log = structlog.get_logger()
PAID_PAISE = Counter("mela_settlement_paid_paise_total", "Paise that have left for sellers")
PAYOUTS = Counter("mela_settlement_payouts_total", "Tries of payouts, by outcome", ["outcome"])


class NotABankingDay(Rejected):
    """Banks are closed on that day. Params: day, next."""

    code = "settlement.not_a_banking_day"


class DayAhead(Rejected):
    """That day has not come yet in India. Params: day, today."""

    code = "settlement.day_ahead"


class NoStatement(NotFound):
    """That day was not run, or nothing of this seller was due. Params: day."""

    code = "settlement.no_statement"


class Settlement:
    """Books sales, pays sellers, and shows both that it adds up."""

    def __init__(
        self, db: Database, payments: Payments, catalog: Catalog, bank: Bank, clock: Clock, settings: SettlementSettings,
        *, calendar: Calendar, rates: Rates, merchant_fees_: merchant_fees.Fees,
    ) -> None:  # fmt: skip
        self._db, self._payments, self._catalog, self._bank, self._clock = db, payments, catalog, bank, clock
        self._settings, self._calendar, self._rates, self._fees = settings, calendar, rates, merchant_fees_

    # Sales and reversals. Each is kept first, then entered into the ledger under the event that was kept with it.

    async def sold(self, event: OrderSold, event_id: str) -> None:
        """An order's sellers have money coming. Raises: NoRate."""
        await self._post(await self._db.run(store.book, self._sale(event, event_id)))

    async def unsold(self, event: OrderUnsold, event_id: str) -> None:
        """An order's sellers owe their share of what went back. Raises: ReversalTooLarge."""
        booked_on = india_date(event.at)
        await self._post(await self._db.run(store.book_reversal, event, event_id, booked_on))

    async def merchant_moved(self, event: MerchantPaymentMoved, event_id: str) -> None:
        """Money of a merchant who takes payments by the API has come or gone. Raises: NoRate."""
        entry = merchant_fees.entry(event, event_id, ids.new_id("ent"), self._fees, self._rates)
        if entry is not None:
            await self._post(await self._db.run(store.book, [entry]))

    async def _post(self, entries: Sequence[Entry]) -> None:
        transfers = [t for entry in entries for t in fees.transfers(entry.seller_id, entry.kind, entry.amounts)]
        if transfers:
            await self._payments.post(key=entries[0].event_id, transfers=transfers)
        if entries:
            await self._db.run(store.posted, entries[0].event_id)

    def _sale(self, event: OrderSold, event_id: str) -> list[Entry]:
        booked_on = india_date(event.at)
        lines = [(line.seller_id, fees.sale_line(line, booked_on, self._rates)) for line in event.lines]
        sellers = dict.fromkeys(seller_id for seller_id, _ in lines)
        own = {seller_id: tuple(line for other, line in lines if other == seller_id) for seller_id in sellers}
        return [
            Entry(ids.new_id("ent"), event_id, event.order_id, event.order_id, seller_id, EntryKind.SALE, booked_on, event.at,
                  fees.total(line.amounts for line in own[seller_id]), own[seller_id])
            for seller_id in sellers
        ]  # fmt: skip

    # Runs.

    async def request_run(self, settled_on: date | None, *, caller_id: str, key: str) -> Run:
        """A run that a person asked for, None for the day on which today's sales are due.

        Raises: KeyReused for another day, and what `run` raises.
        """
        settled_on = settled_on or banking.due_on(self._calendar, india_date(self._clock.now()))
        self._check_day(settled_on)
        await self._db.run(store.claim_run, caller_id, key, settled_on, self._clock.now())
        return await self.run(settled_on)

    async def ahead(self) -> tuple[date, int]:
        """The day on which today's sales are due, and how many sellers have money coming then. Raises: NoCalendar."""
        settled_on = banking.due_on(self._calendar, india_date(self._clock.now()))
        return settled_on, len(await self._db.read(store.due, settled_on))

    async def run(self, settled_on: date) -> Run:
        """Pay every seller what is due on a banking day, once, however often and by however many this is called.

        A seller whose balance is zero or less, or who has no bank account, is carried forward to a later day. Where money of a
        seller is withheld, the oldest entries are paid that fit beside it.
        A payout without an outcome stays `sending`. Raises: DayAhead, NotABankingDay, NoCalendar.
        """
        self._check_day(settled_on)
        await self._db.run(store.start_run, settled_on, self._clock.now())
        await self.finish_payouts()
        for seller_id in await self._db.read(store.due, settled_on):
            withheld = await self._payments.withheld(seller_id=seller_id)
            payout = await self._db.run(store.open_payout, seller_id, settled_on, self._clock.now(), withheld=withheld)
            if payout is not None:
                await self._send(payout, ask_first=False)
        await self._db.run(store.finish_run, settled_on, self._clock.now())
        return await self._db.read(store.run, settled_on)

    async def run_today(self) -> None:
        """Settle today, from the hour of the settings on, unless that is done or banks are closed."""
        now = self._clock.now()
        today = india_date(now)
        if india(now).hour < self._settings.run_from_hour or not banking.is_banking_day(self._calendar, today):
            return
        if not await self._db.read(store.is_finished, today):
            await self.run(today)

    async def forget_keys(self) -> None:
        """Drop idempotency keys of long ago."""
        await self._db.run(idempotency.forget, self._clock.now() - timedelta(days=self._settings.key_days))

    async def finish_payouts(self) -> None:
        """Ask what became of payouts without an outcome; those that never reached the gateway are sent again."""
        for payout in await self._db.read(store.unanswered, 1_000):
            await self._send(payout, ask_first=True)

    async def _send(self, payout: Payout, *, ask_first: bool) -> None:
        """Take a payout to its end: reserved in the ledger, paid by the bank, entered, told. Stops where there is no outcome yet.

        What was held between opening and reserving is refused by the ledger: the payout waits until it is released.
        """
        try:
            utr = await self._bank.outcome(payout) if ask_first else None
            taken = fees.reserved(payout.seller_id, payout.amount)
            await self._payments.post(key=f"{payout.id}:reserved", transfers=taken)
            utr = utr or await self._pay(payout)
            await self._payments.post(key=payout.id, transfers=fees.paid_out(payout.amount))
        except MelaError as error:
            PAYOUTS.labels("unclear").inc()
            log.warning("payout without outcome", payout=payout.id, seller=payout.seller_id, reason=str(error))
            await self._db.run(store.unclear, payout.id, str(error))
            return
        if await self._db.run(store.paid, payout, utr, self._clock.now()):
            PAYOUTS.labels("paid").inc()
            PAID_PAISE.inc(payout.amount)

    async def _pay(self, payout: Payout) -> str:
        account = await self._db.read(store.account, payout.seller_id)
        if account is None:
            raise OutcomeUnknown(why="no bank account")
        return await self._bank.pay(payout, account)

    def _check_day(self, day: date) -> None:
        today = india_date(self._clock.now())
        if day > today + timedelta(days=self._settings.days_ahead):
            raise DayAhead(day=day.isoformat(), today=today.isoformat())
        if not banking.is_banking_day(self._calendar, day):
            raise NotABankingDay(day=day.isoformat(), next=banking.due_on(self._calendar, day).isoformat())

    # Reading.

    async def payouts_on(self, settled_on: date) -> list[Payout]:
        """The payouts of a day, by seller."""
        return await self._db.read(store.payouts_on, settled_on)

    async def find_run(self, settled_on: date) -> Run:
        """A day's run as it stands now. Raises: UnknownRun."""
        return await self._db.read(store.run, settled_on)

    async def payouts(self, seller_id: str, before: date | None, limit: int) -> list[Payout]:
        """A seller's payouts, the latest day first, those of days before `before`."""
        return await self._db.read(store.page, seller_id, before, limit)

    async def statement(self, seller_id: str, settled_on: date) -> Statement:
        """What a seller was paid, or is still owed, on a day. Raises: NoStatement."""
        payout, settled, carried = await self._db.read(store.statement, seller_id, settled_on)
        shown = settled if payout else carried
        if not shown:
            raise NoStatement(day=settled_on.isoformat())
        seller = (await self._catalog.sellers(ids=[seller_id]))[0]
        return Statement(
            seller_id, seller.name, settled_on, tuple(shown), fees.total(entry.amounts for entry in shown), payout,
            Paise(sum(entry.amounts.net for entry in carried)),
        )  # fmt: skip

    async def check(self) -> Check:
        """Whether what came in is what went out or is still here: entries, payouts, and the gateway's own books."""
        before = await self._db.read(store.sums)
        out = await self._bank.paid_out()
        after = await self._db.read(store.sums)
        return checks.check(before, out, after)

    async def load_accounts(self, accounts: Iterable[Mapping[str, str]]) -> int:
        """Put the sample sellers' bank accounts in."""
        return await self._db.run(store.keep_accounts, [dict(row) for row in accounts])
