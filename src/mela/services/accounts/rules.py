"""What decides about codes and tokens. Pure."""

import calendar
import hashlib
import hmac
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from mela.kernel import clock
from mela.services.accounts.model import Code, Limit, Retention, Token, Verdict

DIGITS = 6
DEVICE_LENGTH = 120


def code_digits(key: str, code_id: str) -> str:
    """The six digits of a code: HOTP's truncation of an HMAC-SHA-256 over its id, which is random.

    Source: RFC 4226, section 5.3, https://www.rfc-editor.org/rfc/rfc4226#section-5.3 (recalled); SHA-256 as in RFC 6238.
    """
    digest = hmac.digest(key.encode(), code_id.encode(), hashlib.sha256)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def judge(code: Code | None, given: str, *, key: str, session_id: str, tries: int, now: datetime) -> Verdict:
    """Whether `given` opens the session `session_id` by this code. Compares in constant time."""
    if code is None or code.expires <= now or code.used_by not in (None, session_id):
        return Verdict.NO_CODE
    if code.tries >= tries:
        return Verdict.SPENT
    right = hmac.compare_digest(code_digits(key, code.id).encode(), given.encode())
    return Verdict.RIGHT if right else Verdict.WRONG


def seconds_to_wait(issued: Sequence[datetime], now: datetime, limits: Sequence[Limit]) -> int:
    """Whole seconds until one more may be issued, 0 for now. `issued`: moments of earlier ones, newest first."""
    waits = [
        (issued[limit.count - 1] + timedelta(seconds=limit.seconds) - now).total_seconds()
        for limit in limits
        if len(issued) >= limit.count
    ]
    return max(0, math.ceil(max(waits, default=0)))


def has_expired(token: Token, now: datetime) -> bool:
    """Whether a token's time is over."""
    return token.expires is not None and token.expires <= now


def needs_extension(token: Token, now: datetime, after_s: int) -> bool:
    """Whether a token in use was last extended long enough ago; an API key never is."""
    return token.expires is not None and now - token.seen >= timedelta(seconds=after_s)


def device(user_agent: str | None) -> str:
    """How a device is called in a list of sessions: what it says of itself, in printable ASCII."""
    text = "".join(letter for letter in (user_agent or "")[:DEVICE_LENGTH] if " " <= letter <= "~").strip()
    return text or "?"


def retention(document: Any) -> list[Retention]:
    """The rules of `retention.yaml`."""
    return [
        Retention(row["id"], row.get("since", "day"), row.get("months", 0), row.get("days", 0),
                  row["law"], row["source"], row["mark"], row.get("told", False))
        for row in document["rules"]
    ]  # fmt: skip


def kept_until(rule: Retention, today: date) -> date | None:
    """The last day on which the law keeps what comes into being today; None for what has no time of its own.

    The annual return of a financial year (April to March) is due on 31 December after it.
    Source: CGST Rules 2017, rule 80; CGST Act 2017, section 36 (UNVERIFIED, 2026-11-23).
    """
    if not rule.months and not rule.days:
        return None
    start = today
    if rule.since == "annual_return":
        start = date(int(clock.financial_year(today)[:4]) + 1, 12, 31)
    years, months = divmod(start.month - 1 + rule.months, 12)
    last = calendar.monthrange(start.year + years, months + 1)[1]
    return date(start.year + years, months + 1, min(start.day, last)) + timedelta(days=rule.days)
