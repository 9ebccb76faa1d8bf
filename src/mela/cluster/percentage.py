"""Values that are a number or a percentage: `maxSurge: 2`, `minAvailable: 50%`.

Source: k8s.io/apimachinery v0.36.3, pkg/util/intstr/intstr.go (GetScaledValueFromIntOrPercent), read 2026-11-23.
"""

import re

from mela.cluster import arithmetic

PERCENT = re.compile(r"([+-]?[0-9]{1,19})%", re.ASCII)


class InvalidPercentage(ValueError):
    """A text that is not a whole number followed by a percent sign."""


def scaled(written: int | str, total: int, *, up: bool) -> int:
    """Return the number, or that percentage of `total`, rounded up or down. A text without % is refused, even "3".

    >>> scaled(2, 10, up=True), scaled("25%", 10, up=True), scaled("25%", 10, up=False)
    (2, 3, 2)

    Raises: InvalidPercentage.
    """
    if isinstance(written, int):
        return written
    percent = PERCENT.fullmatch(written)
    if percent is None or not arithmetic.MIN_INT64 <= int(percent[1]) <= arithmetic.MAX_INT64:
        raise InvalidPercentage(f"{written!r} is neither a number nor a percentage such as 25%")
    share = float(int(percent[1])) * float(total) / 100
    return arithmetic.int64_of(arithmetic.ceiling(share) if up else arithmetic.floor(share))
