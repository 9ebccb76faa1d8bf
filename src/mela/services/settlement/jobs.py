"""What settlement does by itself: the day's run, and asking about payouts without an outcome."""

from mela.kernel.service import Job
from mela.services.settlement.service import Settlement


def jobs(settlement: Settlement, every_s: float) -> list[Job]:
    """Both look every so often; several pods may do so at once."""
    return [
        Job("settle", every_s, settlement.run_today),
        Job("finish", every_s, settlement.finish_payouts),
        Job("forget keys", 3_600.0, settlement.forget_keys),
    ]
