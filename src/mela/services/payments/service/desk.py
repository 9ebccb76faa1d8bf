"""Which providers there are, and which of them a payment goes to."""

from collections.abc import Sequence

from mela.kernel.errors import NotFound
from mela.services.payments.providers import Provider


class UnknownProvider(NotFound):
    """No provider of this name is configured. Params: provider."""

    code = "payments.unknown_provider"


class Desk:
    """The configured providers, in order of preference."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._providers = {provider.name: provider for provider in providers}

    @property
    def all(self) -> list[Provider]:
        """Every provider."""
        return list(self._providers.values())

    @property
    def first(self) -> str:
        """Where a payment goes first."""
        return next(iter(self._providers))

    def at(self, name: str) -> Provider:
        """A provider by its name. Raises: UnknownProvider."""
        try:
            return self._providers[name]
        except KeyError:
            raise UnknownProvider(provider=name) from None

    def another(self, tried: set[str]) -> str | None:
        """Where a payment goes on to, None when all were tried."""
        return next((name for name in self._providers if name not in tried), None)
