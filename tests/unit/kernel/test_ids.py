"""Identifiers that sort by time, and chance."""

import string
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import ids

MOMENT_MS = 1_790_000_000_000


class SetClock:
    """Milliseconds that a test sets."""

    def __init__(self, now_ms: int = MOMENT_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def test_an_id_is_its_prefix_and_a_ulid() -> None:
    made = ids.new_id("order")
    assert made.startswith("order_")
    assert len(made) == len("order_") + 26
    assert ids.is_id("order", made)


def test_the_first_ten_letters_are_the_millisecond() -> None:
    ulid = ids.Ulids(SetClock(1469918176385)).next()
    assert ulid[:10] == "01ARYZ6S41"  # the example of the ULID specification


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_ids_grow_whatever_the_clock_does(steps_ms: list[int]) -> None:
    now = SetClock()
    ulids = ids.Ulids(now)
    made = [ulids.next()]
    for step in steps_ms:
        now.now_ms += step
        made.append(ulids.next())
    assert made == sorted(set(made))


def test_ids_still_grow_when_a_millisecond_is_used_up() -> None:
    ulids = ids.Ulids(SetClock())
    ulids._last = ((MOMENT_MS + 1) << ids.RANDOM_BITS) - 1
    assert ids.ULID.fullmatch(ulids.next())
    assert ulids._last >> ids.RANDOM_BITS == MOMENT_MS + 1


def test_two_processes_forked_from_one_part_at_once() -> None:
    one, other = ids.Ulids(SetClock()), ids.Ulids(SetClock())
    one._last = other._last = MOMENT_MS << ids.RANDOM_BITS
    assert one.next() != other.next()


def test_threads_never_share_an_id() -> None:
    ulids = ids.Ulids(SetClock())
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(ulids.next() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


@pytest.mark.parametrize("prefix", ["", "Order", "1st", "a b", "a-b", "_a", "x" * 17, "aé"])
def test_a_prefix_is_a_small_word(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        ids.new_id(prefix)


ULID = "01M84R4WZB9NEEEVSJ6JDYCVKX"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ULID,
        f"pay_{ULID}",
        f"my_order_{ULID}",
        f"order_{ULID.lower()}",
        f"order_{ULID}\n",
        f"order_{ULID[:-1]}",
        f"order_{ULID}0",
        f"order_8{ULID[1:]}",
        f"order_{ULID[:-1]}U",
        f"order_{ULID[:-1]}I",
        f"order_{ULID[:-1]}१",
    ],
)
def test_what_is_not_an_order_id(value: str) -> None:
    assert not ids.is_id("order", value)


@given(st.text(max_size=40))
def test_any_text_can_be_asked(value: str) -> None:
    assert not ids.is_id("order", value)


def test_a_prefix_may_have_an_underscore() -> None:
    assert ids.is_id("price_list", ids.new_id("price_list"))


def test_secrets_are_url_safe_and_as_long_as_asked() -> None:
    made = ids.new_secret(24)
    assert len(made) == 32
    assert set(made) <= set(string.ascii_letters + string.digits + "-_")
    assert made != ids.new_secret(24)


def test_codes_are_six_digits_and_keep_leading_zeros() -> None:
    made = [ids.new_code() for _ in range(500)]
    assert all(len(code) == 6 and set(code) <= set(string.digits) for code in made)
    assert any(code.startswith("0") for code in made)
    assert len(ids.new_code(4)) == 4


@given(st.floats(0, 1e6), st.floats(0, 1))
def test_jitter_shortens_by_at_most_its_share(seconds: float, share: float) -> None:
    waited = ids.jitter(seconds, share)
    assert seconds * (1 - share) - 1e-6 <= waited <= seconds


def test_jitter_spreads() -> None:
    assert len({ids.jitter(1.0) for _ in range(50)}) > 25
