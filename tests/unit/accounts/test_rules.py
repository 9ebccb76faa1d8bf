from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies

from mela.services.accounts import rules
from mela.services.accounts.model import Code, Limit, Token, Verdict
from mela.services.accounts.settings import AccountsSettings

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
KEY = "a key of at least thirty-two characters"
CODE = Code("code_1", "+919876543210", "en", NOW, NOW + timedelta(minutes=5))
RIGHT = rules.code_digits(KEY, CODE.id)
LIMITS = (Limit(1, 30), Limit(5, 3_600))


def judged(code: Code | None, entered: str = RIGHT, after_s: float = 0, session: str = "ses_1") -> Verdict:
    return rules.judge(code, entered, key=KEY, session_id=session, tries=5, now=NOW + timedelta(seconds=after_s))


@given(strategies.text(min_size=1), strategies.text())
def test_a_code_has_six_ascii_digits(key: str, code_id: str) -> None:
    digits = rules.code_digits(key, code_id)
    assert len(digits) == 6
    assert digits.isascii()
    assert digits.isdigit()


def test_a_code_depends_on_the_key_and_the_id() -> None:
    codes = {rules.code_digits(key, code_id) for key in ("k" * 32, "l" * 32) for code_id in ("code_1", "code_2")}
    assert len(codes) == 4


def test_codes_fill_their_range_evenly() -> None:
    first_digits = Counter(rules.code_digits(KEY, f"code_{n}")[0] for n in range(20_000))
    assert len(first_digits) == 10
    assert all(1_800 < count < 2_200 for count in first_digits.values())


def test_truncation_is_that_of_rfc_4226() -> None:
    import hashlib
    import hmac

    digest = hmac.new(KEY.encode(), b"code_1", hashlib.sha256).hexdigest()
    start = int(digest[-1], 16) * 2
    assert int(RIGHT) == (int(digest[start : start + 8], 16) & 0x7FFFFFFF) % 1_000_000


@pytest.mark.parametrize(
    ("code", "entered", "after_s", "verdict"),
    [
        (CODE, RIGHT, 0, Verdict.RIGHT),
        (CODE, RIGHT, 299.9, Verdict.RIGHT),
        (CODE, RIGHT, 300, Verdict.NO_CODE),
        (CODE, "", 0, Verdict.WRONG),
        (CODE, RIGHT + "0", 0, Verdict.WRONG),
        (CODE, "नमस्ते", 0, Verdict.WRONG),
        (None, RIGHT, 0, Verdict.NO_CODE),
        (replace(CODE, tries=4), RIGHT, 0, Verdict.RIGHT),
        (replace(CODE, tries=5), RIGHT, 0, Verdict.SPENT),
        (replace(CODE, tries=5), "000000", 0, Verdict.SPENT),
        (replace(CODE, used_by="ses_2"), RIGHT, 0, Verdict.NO_CODE),
        (replace(CODE, used_by="ses_1"), RIGHT, 0, Verdict.RIGHT),
    ],
)
def test_a_try_is_judged(code: Code | None, entered: str, after_s: float, verdict: Verdict) -> None:
    assert judged(code, entered, after_s) is verdict


@given(strategies.lists(strategies.floats(0, 7_200), min_size=1, max_size=60))
def test_no_window_holds_more_codes_than_its_limit(pauses: list[float]) -> None:
    issued: list[datetime] = []
    now = NOW
    for pause in pauses:
        now += timedelta(seconds=pause)
        if rules.seconds_to_wait(issued, now, LIMITS) == 0:
            issued.insert(0, now)
    for limit in LIMITS:
        for first, last in zip(issued[limit.count :], issued, strict=False):
            assert last - first >= timedelta(seconds=limit.seconds)


@given(strategies.lists(strategies.integers(0, 5_000), min_size=1, max_size=10))
def test_after_the_wait_one_more_may_be_issued(ages: list[int]) -> None:
    issued = sorted((NOW - timedelta(seconds=age) for age in ages), reverse=True)
    wait = rules.seconds_to_wait(issued, NOW, LIMITS)
    assert rules.seconds_to_wait(issued, NOW + timedelta(seconds=wait), LIMITS) == 0
    assert wait == 0 or rules.seconds_to_wait(issued, NOW + timedelta(seconds=wait - 1), LIMITS) > 0


def test_a_first_code_needs_no_wait() -> None:
    assert rules.seconds_to_wait([], NOW, LIMITS) == 0


def test_a_session_expires_and_an_api_key_does_not() -> None:
    session = Token("h", "ses_1", "customer", "cus_1", "phone", (), NOW, NOW, NOW + timedelta(days=30))
    key = replace(session, kind="merchant", expires=None)
    later = NOW + timedelta(days=30)
    assert (rules.has_expired(session, later), rules.has_expired(key, later)) == (True, False)
    assert not rules.has_expired(session, later - timedelta(microseconds=1))
    assert (rules.needs_extension(session, later, 3_600), rules.needs_extension(key, later, 3_600)) == (True, False)
    assert not rules.needs_extension(session, NOW + timedelta(seconds=3_599), 3_600)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Android 15)", "Mozilla/5.0 (Android 15)"), (None, "?"), ("", "?"), ("\x1b[31m", "[31m"),
        (" मेला ", "?"), ("a\r\nb", "ab"), ("x" * 5_000, "x" * 120),
    ],
)  # fmt: skip
def test_a_device_is_named_in_printable_ascii(user_agent: str | None, name: str) -> None:
    assert rules.device(user_agent) == name


@pytest.mark.parametrize(
    "wrong",
    [
        {"operator_token_hash": "mela_op_x"},
        {"operator_token_hash": "A" * 64},
        {"code_key": "short"},
        {"code_tries": 0},
        {"sms_again_s": 3.0},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        AccountsSettings(**{"sms_url": "http://sms", **wrong})  # type: ignore[arg-type]


def test_the_code_key_is_not_printed() -> None:
    assert "k" * 32 not in repr(AccountsSettings(sms_url="http://sms", code_key="k" * 32))
