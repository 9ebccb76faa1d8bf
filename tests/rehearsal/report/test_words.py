"""A verdict in words."""

import pytest

from mela.kernel.i18n import LANGUAGES
from mela.rehearsal.engine import happenings
from mela.rehearsal.report import words
from mela.rehearsal.verdict import mechanisms
from mela.rehearsal.verdict.around import Around
from mela.rehearsal.verdict.judge import judge
from tests.rehearsal import match


def test_a_failure_says_when_what_and_why() -> None:
    things = match.system()
    trace = match.play(things)
    (found,) = judge(trace, Around(things)).failures
    assert words.when(trace, found.first_s) == "15:35:51, 6 min after “Toss”"
    saw, slow, users, why = words.failure(trace, found)
    assert saw == "api fails: at worst 33 % of its requests in a minute, until 15:59:59."
    assert slow.startswith("api is slow: 99 of 100 answers take up to 2 s, 500 ms is promised")
    assert users == "6.62 lakh of people's actions did not end well."
    assert why == "The autoscaler is at its maximum: more pods are not allowed."
    assert found.cause.field is not None
    assert words.place(found.cause.field) == "match.yaml:24"
    assert words.field(found.cause.field) == "HorizontalPodAutoscaler match/api, spec.maxReplicas: 10"


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (match.TOSS_S + 40, "15:30:40, 40 s after “Toss”"),
        (match.TOSS_S, "15:30:00, 0 s after “Toss”"),
        (match.TOSS_S - 300, "15:25:00, 5 min before “Toss”"),
        (match.TOSS_S + 1000, "15:46:40, 100 s after “Super over”"),
    ],
)
def test_a_second_is_told_by_the_nearest_moment(second: int, said: str) -> None:
    assert words.when(match.play(match.system()), second) == said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_mechanism_has_a_sentence(lang: str) -> None:
    assert all(words.say(f"why.{name}", lang) for name in mechanisms.every())


def test_mechanisms_know_only_what_the_engine_can_say() -> None:
    assert mechanisms.by_kind().keys() <= happenings.KINDS.keys()


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0"), (0.5, "0.5"), (1234, "1,234"), (6_62_000, "6.62 lakh"), (25_300_000, "2.53 crore")]
)
def test_counts_are_written_as_in_india(number: float, said: str) -> None:
    assert words.count(number) == said


@pytest.mark.parametrize(
    ("part", "said"), [(0, "0 %"), (0.17, "17 %"), (0.0004, "0.04 %"), (3.4, "340 %"), (230, "230×")]
)
def test_shares(part: float, said: str) -> None:
    assert words.share(part) == said


def test_next_to_nothing_is_nothing() -> None:
    assert (words.share(6.9e-10), words.count(5.4e-7)) == ("0 %", "0")
