"""JSON texts inside objects, as Go reads them.

Source: https://pkg.go.dev/encoding/json (read 2026-11-23).
"""

import json
import math
from typing import Any, NoReturn


def read(text: str | bytes) -> Any:
    """The value of the text; malformed UTF-8 is replaced, as in Go. Raises: ValueError, also for deep nesting."""
    decoded = text.decode(errors="replace") if isinstance(text, bytes) else text
    try:
        return json.loads(decoded, parse_constant=_refuse, parse_float=_finite, parse_int=_whole)
    except RecursionError:
        raise ValueError("the text is nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large")
    return number


def _whole(text: str) -> int:
    _finite(text)
    return int(text)


def _refuse(word: str) -> NoReturn:
    """NaN and Infinity are words of Python's only."""
    raise ValueError(f"{word} is no JSON")
