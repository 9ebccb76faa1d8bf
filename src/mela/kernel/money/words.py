"""Amounts in words."""

from mela.kernel.money.arithmetic import Paise


def words(amount: Paise, lang: str = "en") -> str:
    """Being written."""
    raise NotImplementedError
