"""Limits of accounts: nothing takes out more than was put in, and what fills an account is never refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.contracts.payments import Transfer
from mela.kernel.money import Paise
from mela.services.payments.rules import ledger, limits
from mela.services.payments.rules.limits import AccountOverdrawn, Limit
from mela.services.payments.store.ledger import LIMITS

NAMES = ["refunds:pending", "cash:in_transit", "gateway:upi", "seller:kaveri", "seller:malwa", "escrow", "bank"]
FREE = {"refund_processed": "gateway:upi", "reversal": "seller:kaveri", "cash_short": "cash:in_transit"}
KINDS = ["payout", *FREE]
PAIRS = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1])
TRANSFERS = st.builds(
    lambda pair, amount, kind: Transfer(pair[0], pair[1], Paise(amount), kind),
    PAIRS,
    st.integers(1, 20),
    st.sampled_from(KINDS),
)
ENTRIES = st.lists(st.lists(TRANSFERS, min_size=1, max_size=4), max_size=30)


def refused(entry: list[Transfer], kept: list[Transfer]) -> str | None:
    """The account that refuses an entry, after those that were kept."""
    try:
        for limit, account, wanted in limits.taken(LIMITS, entry):
            debits = sum(t.amount for t in kept if t.debit == account)
            limits.check(
                limit, account, wanted, debits=debits, credits_=sum(t.amount for t in kept if t.credit == account)
            )
    except AccountOverdrawn as error:
        return str(error.params["account"])
    return None


def limit_of(account: str) -> Limit | None:
    return next((limit for limit in LIMITS if limit.covers(account)), None)


def wrong(limit: Limit, balance: int) -> int:
    """How far a balance is on the wrong side of a limit."""
    return max(0, balance if limit.side == "credit" else -balance)


@given(ENTRIES)
def test_only_what_has_happened_elsewhere_takes_an_account_to_the_wrong_side(entries: list[list[Transfer]]) -> None:
    kept: list[Transfer] = []
    for entry in entries:
        if refused(entry, kept) is None:
            kept += entry
    for account in NAMES:
        if (limit := limit_of(account)) is not None:
            told = sum(t.amount for t in kept if t.kind in limit.free and account in (t.debit, t.credit))
            assert wrong(limit, ledger.balance(account, kept)) <= told


@given(ENTRIES.map(lambda entries: [t for entry in entries for t in entry if t.kind not in FREE]))
def test_without_such_facts_no_limited_account_is_ever_overdrawn(transfers: list[Transfer]) -> None:
    kept: list[Transfer] = []
    for each in transfers:
        if refused([each], kept) is None:
            kept.append(each)
        for account in (each.debit, each.credit):
            limit = limit_of(account)
            assert limit is None or wrong(limit, ledger.balance(account, kept)) == 0


@given(st.lists(TRANSFERS, max_size=10), TRANSFERS)
def test_what_is_refused_would_have_overdrawn_the_account_that_is_named(kept: list[Transfer], new: Transfer) -> None:
    if (account := refused([new], kept)) is not None:
        limit = limit_of(account)
        assert limit is not None
        assert wrong(limit, ledger.balance(account, [*kept, new])) > 0


def test_a_refusal_says_how_much_is_left() -> None:
    with pytest.raises(AccountOverdrawn) as caught:
        limits.check(Limit("seller:*", "credit", frozenset(), {}), "seller:a", Paise(50), debits=10, credits_=30)
    assert caught.value.params == {"account": "seller:a", "left": 20, "wanted": 50}


@pytest.mark.parametrize(
    ("account", "limited"),
    [("seller:a", True), ("seller:", True), ("sellers", False), ("escrow", False), ("bank", False)],
)
def test_a_star_stands_for_every_account_of_a_name(account: str, limited: bool) -> None:
    assert (limit_of(account) is not None) is limited
