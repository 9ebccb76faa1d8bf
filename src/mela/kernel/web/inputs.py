"""What people may send: shapes that more than one service takes, each hostile text refused in one place.

JSON is read strictly: a whole number is a whole number, not a text, a truth value or 2.0.
"""

import re
from datetime import date
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints

_MARKS = r"\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Control characters, and marks that reorder or hide text: a name that reads otherwise on an invoice than in the database.
U+200C and U+200D stay: Indian scripts and emoji are written with them. PostgreSQL keeps no NUL.
Source: Unicode Standard Annex 9, https://www.unicode.org/reports/tr9/ (recalled)."""
_HIDDEN = rf"\x00-\x1f{_MARKS}"
_HIDDEN_BUT_LINES = rf"\x00-\x09\x0b-\x1f{_MARKS}"
LINE = rf"^[^{_HIDDEN}]*[^{_HIDDEN}\s\u200c\u200d][^{_HIDDEN}]*$"
"""One line with something to see in it."""
LINE_OR_NOTHING = rf"^[^{_HIDDEN}]*$"

LINES = rf"^[^{_HIDDEN_BUT_LINES}]*[^{_HIDDEN}\s\u200c\u200d][^{_HIDDEN_BUT_LINES}]*$"
"""A text of one line or more, with something to see in it."""


def _written(form: re.Pattern[str], value: object) -> object:
    if not isinstance(value, str | date) or (isinstance(value, str) and not form.fullmatch(value)):
        raise ValueError("is not written as a date")
    return value


Phone = Annotated[str, StringConstraints(pattern=r"^\+91[6-9][0-9]{9}$")]
"""An Indian mobile number."""
Words = Annotated[str, StringConstraints(max_length=120, pattern=LINE), AfterValidator(str.strip)]
"""A name, a street, a reason."""
Lines = Annotated[str, StringConstraints(max_length=1_000, pattern=LINES), AfterValidator(str.strip)]
"""What somebody has to say."""
WordsOrNothing = Annotated[str, StringConstraints(max_length=120, pattern=LINE_OR_NOTHING), AfterValidator(str.strip)]


Day = Annotated[date, BeforeValidator(partial(_written, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")))]
"""A day as 2026-11-25; a number is no day, though pydantic would count from 1970."""
Moment = Annotated[AwareDatetime, BeforeValidator(partial(_written, re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+")))]
"""A moment with its zone, as 2026-11-25T18:30:00+05:30."""


Network = Annotated[str, StringConstraints(max_length=43, pattern=r"^[0-9a-fA-F.:]+(/[0-9]{1,3})?$")]
"""A network as it is written in CIDR notation, IPv4 or IPv6; whether it is one, `auth.network` says."""


class Strict(BaseModel):
    """Input: an unknown field or another type is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid", strict=True)
