"""The use cases of settlement, and the bank that they pay through."""

from mela.services.settlement.service.bank import Bank
from mela.services.settlement.service.settlement import Settlement

__all__ = ["Bank", "Settlement"]
