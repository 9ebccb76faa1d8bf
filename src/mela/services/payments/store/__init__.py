"""Every query of payments. The public functions of these modules are the units of work."""

from mela.services.payments.tables import PERSONAL

__all__ = ["PERSONAL"]
