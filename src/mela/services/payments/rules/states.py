"""How a payment moves, who may move it, and what a provider's word does to it.

created ── pending ── authorized ── captured
    │         ├───────────┼─────────────┘
    └─────────┴───────────┴── failed | expired | cancelled
"""

from collections.abc import Mapping
from datetime import datetime

from mela.contracts.payments import PaymentState
from mela.services.payments.model import Actor, Word

CREATED, PENDING = PaymentState.CREATED, PaymentState.PENDING
AUTHORIZED, CAPTURED = PaymentState.AUTHORIZED, PaymentState.CAPTURED
FAILED, EXPIRED, CANCELLED = PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.CANCELLED
OPEN = frozenset({CREATED, PENDING})

_ON: Mapping[PaymentState, frozenset[Actor]] = {
    AUTHORIZED: frozenset({Actor.CALLBACK, Actor.CHECK}),
    CAPTURED: frozenset({Actor.CALLBACK, Actor.CHECK, Actor.PAYER}),
    FAILED: frozenset({Actor.CALLBACK, Actor.CHECK, Actor.ORDER}),
    EXPIRED: frozenset({Actor.CALLBACK, Actor.CHECK, Actor.CLOCK}),
    CANCELLED: frozenset({Actor.ORDER}),
}
MOVES: Mapping[PaymentState, Mapping[PaymentState, frozenset[Actor]]] = {
    CREATED: {PENDING: frozenset({Actor.ORDER, Actor.CALLBACK, Actor.CHECK}), **_ON},
    PENDING: _ON,
    AUTHORIZED: {
        CAPTURED: frozenset({Actor.CALLBACK, Actor.CHECK, Actor.ORDER}),
        FAILED: frozenset({Actor.CALLBACK, Actor.CHECK}),
        EXPIRED: frozenset({Actor.CALLBACK, Actor.CHECK}),
        CANCELLED: frozenset({Actor.ORDER}),
    },
    CAPTURED: {},
    FAILED: {},
    EXPIRED: {},
    CANCELLED: {},
}
"""From a state, to a state, by whom. What is closed stays closed."""

_LEADS_TO: Mapping[Word, PaymentState] = {
    Word.AUTHORIZED: AUTHORIZED,
    Word.CAPTURED: CAPTURED,
    Word.FAILED: FAILED,
    Word.VOIDED: EXPIRED,
    Word.EXPIRED: EXPIRED,
    Word.ABSENT: EXPIRED,
}


class IllegalMove(ValueError):
    """A move that no payment makes."""


def check(state: PaymentState, to: PaymentState, actor: Actor) -> None:
    """Raises: IllegalMove unless `actor` may move a payment from `state` to `to`."""
    if actor not in MOVES[state].get(to, frozenset()):
        raise IllegalMove(f"{actor} may not move a payment from {state} to {to}")


def after(state: PaymentState, word: Word) -> PaymentState:
    """Where a provider's word leaves a payment. A closed payment stays where it is.

    ABSENT may be passed only once the payment's time is over: until then a request may be on its way. Of an authorised payment
    nobody says again that it is open.
    """
    if state not in OPEN and state is not AUTHORIZED:
        return state
    if state is AUTHORIZED and word in (Word.CREATED, Word.DEEMED, Word.ABSENT):
        return state
    return _LEADS_TO.get(word, PENDING)


def is_late(state: PaymentState, word: Word) -> bool:
    """Whether money has come for a payment that was given up: it is taken into the ledger and sent back."""
    return word is Word.CAPTURED and state not in OPEN and state not in (AUTHORIZED, CAPTURED)


def is_over(state: PaymentState, word: Word, expires: datetime, now: datetime) -> bool:
    """Whether a payment's time is over, though its provider would still take it: what comes later goes back."""
    return state in OPEN and word is Word.CREATED and now > expires


def is_held_in_vain(state: PaymentState, word: Word) -> bool:
    """Whether the payer's bank holds money that we will not take: the provider is told to let it go."""
    return word is Word.AUTHORIZED and state not in OPEN and state is not AUTHORIZED


def is_settled(state: PaymentState, word: Word) -> bool:
    """Whether nobody needs to ask the provider about this payment any more."""
    return word not in (Word.CREATED, Word.AUTHORIZED, Word.DEEMED) or (
        state is CAPTURED and word is not Word.AUTHORIZED
    )
