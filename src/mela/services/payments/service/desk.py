"""Which providers there are, which of them a payment goes to, and how each is doing lately.

What is known of their health lives in this process: another pod learns for itself, and a restart begins with hope.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mela.kernel.clock import Clock
from mela.kernel.errors import NotFound
from mela.kernel.money import Paise
from mela.services.payments.model import ProviderPayment, Word
from mela.services.payments.providers import Absent, Declined, Provider, Unknown
from mela.services.payments.rules.routing import Board, Candidate, Stage


class UnknownProvider(NotFound):
    """No provider of this name is configured. Params: provider."""

    code = "payments.unknown_provider"


class Desk:
    """The configured providers, in order of preference."""

    def __init__(self, providers: Sequence[Provider], board: Board, clock: Clock, *, aside: Provider) -> None:
        """`aside`: the provider of test mode, which no payment is routed to or from, and whose health nobody counts."""
        self._providers, self._board, self._clock = {provider.name: provider for provider in providers}, board, clock
        self._aside = aside

    @property
    def all(self) -> list[Provider]:
        """Every provider."""
        return list(self._providers.values())

    def at(self, name: str) -> Provider:
        """A provider by its name. Raises: UnknownProvider."""
        if name == self._aside.name:
            return self._aside
        try:
            return self._providers[name]
        except KeyError:
            raise UnknownProvider(provider=name) from None

    def choose(self, token: str, amount: Paise, method: str = "upi", bank: str | None = None) -> list[Candidate]:
        """The providers as they are weighed now, best first. `token`, such as a payment's id, decides what chance decides."""
        now = self._clock.now().timestamp()
        return self._board.choose(self._providers, method=method, amount=amount, now=now, token=token, bank=bank)

    def first(
        self, payment_id: str, amount: Paise, method: str, bank: str | None
    ) -> tuple[str, list[dict[str, Any]] | None]:
        """Where a new payment goes, and how all were weighed; None where there is no choice."""
        if len(self._providers) == 1:
            return next(iter(self._providers)), None
        found = self.choose(payment_id, amount, method, bank)
        return found[0].provider, [asdict(each) for each in found]

    def another(self, tried: set[str], payment_id: str, amount: Paise, method: str, bank: str | None) -> str | None:
        """Where a payment goes on to, None when nobody is left who takes it."""
        if self._aside.name in tried:
            return None
        weighed = self.choose(payment_id, amount, method, bank)
        return next((each.provider for each in weighed if each.takes and each.provider not in tried), None)

    def answered(
        self, provider: str, told: ProviderPayment | Declined | Absent | Unknown, began: float, method: str, bank: str | None
    ) -> None:  # fmt: skip
        """Count a request: whatever a provider says is an answer. `began`: seconds since 1970."""
        if provider == self._aside.name:
            return
        now = self._clock.now().timestamp()
        good, ms = not isinstance(told, Unknown), max(0.0, now - began) * 1000
        self._board.note(Stage.ANSWERS, provider, method, bank=bank, good=good, now=now, ms=ms)

    def ended(self, provider: str, told: ProviderPayment, method: str, bank: str | None) -> None:
        """Count how a payment ended, unless the payer was the reason."""
        if provider == self._aside.name or told.status not in (Word.CAPTURED, Word.FAILED):
            return
        if told.status is Word.FAILED and told.error_code in self._board.policy.payer_codes:
            return
        now = self._clock.now().timestamp()
        good = told.status is Word.CAPTURED
        self._board.note(Stage.CAPTURES, provider, method, bank=bank, good=good, now=now)
