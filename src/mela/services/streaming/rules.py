"""What decides about quality and pressure. Pure."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mela.kernel import ids
from mela.services.streaming.model import Match, Moment, Rung, Tier

HEADROOM = 0.8
"""A viewer's own line is used up to this share: throughput varies, and a stall is worse than a softer picture. Assumption."""

SLOTS = 1024
"""Places that sessions are spread over; each database has an even range of them."""


def quality(ladder: Sequence[Rung], measured_kbps: int, viewers: int, budget_mbps: float) -> Rung:
    """The best rung that the viewer's line and an even share of all bandwidth bear; the lowest one always.

    `ladder` is sorted by bandwidth. `measured_kbps` 0: not measured yet. `budget_mbps` 0: no bound.
    """
    bounds = [measured_kbps * HEADROOM] if measured_kbps else []
    bounds += [budget_mbps * 1000 / max(viewers, 1)] if budget_mbps else []
    most = min(bounds, default=float(ladder[-1].kbps))
    return max((rung for rung in ladder if rung.kbps <= most), key=lambda rung: rung.kbps, default=ladder[0])


def is_refused(tier: Tier, in_flight: int, most: int, shares: Sequence[float]) -> bool:
    """Whether a request of the tier is refused while `in_flight` are being answered.

    `shares`: of `most`, from which the tiers 2, 3, … are refused, falling. Tier 1 never is.
    """
    return tier is not Tier.WATCHING and in_flight >= most * shares[tier - Tier.STARTING]


def retry_after_s(tier: Tier, luck: float) -> int:
    """Seconds to wait, later for what matters less, spread so that all do not come back together. `luck`: 0 to 1."""
    return round(2 * tier + luck * 4 * tier)


def matches(document: Sequence[dict[str, Any]]) -> tuple[Match, ...]:
    """The matches of data/matches.yaml, by their start."""
    read = [
        Match(
            row["id"], row["title"], row["starts"], row["ends"],
            tuple(Moment(name, at) for name, at in sorted(row["moments"].items(), key=lambda each: each[1])),
        )
        for row in document
    ]  # fmt: skip
    return tuple(sorted(read, key=lambda match: match.starts))


def ladder(document: Sequence[dict[str, Any]]) -> tuple[Rung, ...]:
    """The qualities of data/qualities.yaml, by their bandwidth."""
    return tuple(sorted((Rung(row["name"], row["kbps"]) for row in document), key=lambda rung: rung.kbps))


def slot(key: str) -> str:
    """Where a session lies that was begun with this key: the two last letters of its id. The same key, the same place."""
    place = zlib.crc32(key.encode()) % SLOTS
    return ids.ALPHABET[place // 32] + ids.ALPHABET[place % 32]


def shard(session_id: str, shards: int) -> int:
    """Which of so many databases has the session. Any two letters of the alphabet are a slot, wherever the id is from."""
    high, low = (ids.ALPHABET.find(letter) % 32 for letter in session_id[-2:])
    return (high * 32 + low) * shards // SLOTS


def is_on(match: Match, now: datetime) -> bool:
    """Whether there is something to watch now."""
    return match.starts <= now < match.ends
