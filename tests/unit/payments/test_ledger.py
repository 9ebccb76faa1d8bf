"""Transfers balance by construction, and odd ones are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger

AMOUNTS = st.integers(1, ledger.LARGEST).map(Paise)
PROVIDERS: st.SearchStrategy[str | None] = st.sampled_from(["gateway", "razorpay", None])


def life(provider: str | None, amount: Paise, back: Paise, *, processed: bool) -> list[Transfer]:
    """A capture and one refund of it."""
    end = ledger.refund_processed(provider, back) if processed else ledger.refund_failed(provider, back)
    return [ledger.capture(provider, amount), ledger.refund_asked(provider, back), end]


@given(st.lists(st.tuples(PROVIDERS, AMOUNTS, AMOUNTS, st.booleans()), max_size=20))
def test_all_balances_add_up_to_zero(lives: list[tuple[str | None, Paise, Paise, bool]]) -> None:
    entries = [
        t for provider, amount, back, processed in lives for t in life(provider, amount, back, processed=processed)
    ]
    accounts = {name for t in entries for name in (t.debit, t.credit)}
    assert sum(ledger.balance(account, entries) for account in accounts) == 0


@given(PROVIDERS, AMOUNTS)
def test_a_whole_refund_leaves_every_account_empty(provider: str | None, amount: Paise) -> None:
    entries = life(provider, amount, amount, processed=True)
    assert {ledger.balance(name, entries) for t in entries for name in (t.debit, t.credit)} == {0}


@given(PROVIDERS, AMOUNTS, AMOUNTS)
def test_a_refused_refund_leaves_the_money_held(provider: str | None, amount: Paise, back: Paise) -> None:
    entries = life(provider, amount, back, processed=False)
    assert ledger.balance(ledger.ESCROW, entries) == -amount
    assert ledger.balance(ledger.REFUNDS, entries) == 0


def test_every_own_transfer_passes_the_rules_for_others() -> None:
    entries = life("gateway", Paise(5), Paise(2), processed=True) + life(None, Paise(5), Paise(2), processed=False)
    assert ledger.fault([*entries, ledger.capture("payu", Paise(1), late=True)]) is None


@pytest.mark.parametrize(
    ("transfers", "what"),
    [
        ([], "count"),
        ([Transfer("a", "b", Paise(1), "settle")] * (ledger.MOST + 1), "count"),
        ([Transfer("a", "a", Paise(1), "settle")], "same_account"),
        ([Transfer("a", "b", Paise(0), "settle")], "amount"),
        ([Transfer("a", "b", Paise(-1), "settle")], "amount"),
        ([Transfer("a", "b", Paise(ledger.LARGEST + 1), "settle")], "amount"),
        ([Transfer("A", "b", Paise(1), "settle")], "account"),
        ([Transfer("seller:", "b", Paise(1), "settle")], "account"),
        ([Transfer("seller:१", "b", Paise(1), "settle")], "account"),
        ([Transfer("a", "b", Paise(1), "Settle!")], "kind"),
    ],
)
def test_what_is_wrong_is_named(transfers: list[Transfer], what: str) -> None:
    assert ledger.fault(transfers) == what


def test_accounts_with_an_owner_are_accepted() -> None:
    assert ledger.fault([Transfer("seller:seller_kaveri-1", "tds:seller:7", Paise(1), "settle")]) is None
