"""What a rehearsal's child process says of how far it is."""

from pathlib import Path

import pytest

from mela.kernel.clock import SystemClock
from mela.runtime.control.stage import Kept, Wish

WISH = Wish("match-2019", "example", 1.0, 0, "as-written", (), quick=True, language="en")


@pytest.fixture
def one() -> Kept:
    return Kept("rhs_1", WISH, Path("page.html"), SystemClock().now())


def test_a_step_says_its_share_and_the_time_left_once_it_has_begun(one: Kept) -> None:
    one.hear('{"step": "rehearsing", "done": 0, "of": 200}')
    assert one.progress is not None
    assert (one.progress.step, one.progress.share, one.progress.left_s) == ("rehearsing", 0.0, None)
    one.hear('{"step": "rehearsing", "done": 50, "of": 200}')
    assert one.progress.share == 0.25
    assert (one.progress.left_s or 0) >= 0


def test_a_new_step_begins_anew(one: Kept) -> None:
    one.hear('{"step": "rehearsing", "done": 200, "of": 200}')
    one.hear('{"step": "looking", "done": 0, "of": 0}')
    assert one.progress is not None
    assert (one.progress.step, one.progress.share, one.progress.left_s) == ("looking", 0.0, None)


@pytest.mark.parametrize("line", ["error: no such event", "[]", "7", '{"step": 1}', '{"done": "x"}'])
def test_what_is_no_progress_is_part_of_the_reason(one: Kept, line: str) -> None:
    one.hear(line)
    assert (one.progress, one.problem) == (None, line)


def test_a_child_that_talks_without_end_is_not_kept_whole(one: Kept) -> None:
    for _ in range(500):
        one.hear("x" * 100)
    assert len(one.problem) <= 2000
