"""Whether every rupee that came in went out, or is still here."""

from mela.kernel.money import Paise
from mela.services.settlement.model import DEDUCTIONS, Check, Sums


def check(before: Sums, gateway_paid_out: Paise, after: Sums) -> Check:
    """Our sums before and after the gateway was asked for its own: payouts go on meanwhile, so it must lie between them."""
    heads = after.entries
    wrong = {
        "entries": heads.gross != heads.net + sum(getattr(heads, head) for head in DEDUCTIONS),
        "payouts": heads.net != after.open_net + after.paid + after.sending or bool(after.wrong_payouts),
        "ledger": after.unposted > 0,
        "gateway": not before.paid <= gateway_paid_out <= after.paid + after.sending,
    }
    return Check(after, gateway_paid_out, tuple(name for name, is_wrong in wrong.items() if is_wrong))
