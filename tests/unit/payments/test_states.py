"""The pure state machine of a payment, against every order of events that Hypothesis finds."""

import importlib

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mela.contracts.payments import PaymentState
from mela.services.payments.model import Actor, Word
from mela.services.payments.rules import states

CLOSED = set(PaymentState) - states.OPEN - {PaymentState.AUTHORIZED}
WORDS = st.sampled_from(sorted(set(Word) - {Word.ABSENT}))


class Life(RuleBasedStateMachine):
    """A payment that hears words, is cancelled, and runs out of time, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = PaymentState.CREATED
        self.closed_as: PaymentState | None = None
        self.debited = self.late = self.held = False

    def go(self, to: PaymentState, actor: Actor) -> None:
        if to is not self.state:
            states.check(self.state, to, actor)
            self.state = to
        if self.state in CLOSED and self.closed_as is None:
            self.closed_as = self.state

    @rule(word=WORDS, actor=st.sampled_from([Actor.CALLBACK, Actor.CHECK]))
    def the_gateway_speaks(self, word: Word, actor: Actor) -> None:
        self.debited |= word is Word.CAPTURED
        self.late |= states.is_late(self.state, word)
        let_go = states.is_held_in_vain(self.state, word)
        self.held = word is Word.AUTHORIZED and not let_go
        self.go(states.after(self.state, word), actor)

    @rule()
    def the_gateway_has_never_heard_of_it(self) -> None:
        self.go(states.after(self.state, Word.ABSENT), Actor.CLOCK)

    @rule()
    def the_order_cancels(self) -> None:
        if self.state in states.OPEN or self.state is PaymentState.AUTHORIZED:
            self.go(PaymentState.CANCELLED, Actor.ORDER)
            self.held = False  # it is asked about at once, and let go

    @rule()
    def the_gateway_does_not_answer(self) -> None:
        if self.state is PaymentState.CREATED:
            self.go(PaymentState.PENDING, Actor.ORDER)

    @invariant()
    def what_is_closed_stays_closed(self) -> None:
        assert self.closed_as in (None, self.state)

    @invariant()
    def debited_money_is_captured_or_goes_back(self) -> None:
        assert self.debited == (self.state is PaymentState.CAPTURED or self.late)

    @invariant()
    def held_money_is_waited_for_or_let_go(self) -> None:
        assert not self.held or self.state is PaymentState.AUTHORIZED

    @invariant()
    def captured_money_is_not_late(self) -> None:
        assert not (self.late and self.state is PaymentState.CAPTURED)


TestLife = Life.TestCase


@pytest.mark.parametrize("closed", sorted(CLOSED))
@pytest.mark.parametrize("to", sorted(PaymentState))
@pytest.mark.parametrize("actor", sorted(Actor))
def test_nobody_moves_a_closed_payment(closed: PaymentState, to: PaymentState, actor: Actor) -> None:
    with pytest.raises(states.IllegalMove):
        states.check(closed, to, actor)


@pytest.mark.parametrize(
    ("state", "to", "actor"),
    [
        (PaymentState.PENDING, PaymentState.CAPTURED, Actor.ORDER),
        (PaymentState.PENDING, PaymentState.CAPTURED, Actor.CLOCK),
        (PaymentState.PENDING, PaymentState.CANCELLED, Actor.CALLBACK),
        (PaymentState.PENDING, PaymentState.CREATED, Actor.ORDER),
        (PaymentState.CREATED, PaymentState.EXPIRED, Actor.ORDER),
    ],
)
def test_a_move_by_the_wrong_actor_is_refused(state: PaymentState, to: PaymentState, actor: Actor) -> None:
    with pytest.raises(states.IllegalMove, match=f"from {state} to {to}"):
        states.check(state, to, actor)


def test_only_an_open_word_about_an_open_payment_is_asked_about_again() -> None:
    assert not states.is_settled(PaymentState.PENDING, Word.CREATED)
    assert not states.is_settled(PaymentState.CANCELLED, Word.CREATED)
    assert states.is_settled(PaymentState.CANCELLED, Word.EXPIRED)
    assert states.is_settled(PaymentState.CAPTURED, Word.CREATED)


def test_the_database_refuses_the_same_moves_as_the_rules() -> None:
    triggers = importlib.import_module("mela.services.payments.migrations.0007_methods").MOVES["payments"]
    allowed = {str(state): {str(to) for to in moves} for state, moves in states.MOVES.items() if moves}
    assert {state: set(moves) for state, moves in triggers.items()} == allowed
