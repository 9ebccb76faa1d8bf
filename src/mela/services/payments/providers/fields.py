"""What a field of a provider's answer or callback may hold. Whatever is otherwise is not read at all: the money stays where it is.

Bounds are those of our tables, so that nothing said outside can fail inside.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from mela.kernel.money import Paise
from mela.services.payments.rules import ledger

_CENTURY = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def _readable(most: int) -> AfterValidator:
    return AfterValidator(lambda text: "".join(each for each in text if each.isprintable())[:most])


def _of_seconds(value: Any) -> datetime:
    """Raises: ValueError."""
    if type(value) is not int or not 0 < value < _CENTURY[1].timestamp():
        raise ValueError("not a moment in seconds since 1970")
    return datetime.fromtimestamp(value, UTC)


def _in_our_time(value: datetime) -> datetime:
    """Raises: ValueError."""
    if not _CENTURY[0] < value < _CENTURY[1]:
        raise ValueError("not a moment of this century")
    return value


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}$")]
"""A name, ours or theirs; also the UTR of a settlement. It goes into addresses and into lines of files."""
Amount = Annotated[Paise, Field(strict=True, ge=0, le=ledger.LARGEST)]
"""Whole paise."""
Inr = Literal["INR"]
"""Another currency is no amount of ours."""
Code = Annotated[str, _readable(40)]
"""A word that only people and rules read: cut where it is too long."""
Rrn = Annotated[str, _readable(20)]
"""A bank's reference, cut likewise."""
Token = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,4000}$")]
"""What is shown again as it was given: a session, a page's mark, a key."""
Link = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,10}:[!-~]{1,1180}$")]
"""Where the payer goes on."""
Seconds = Annotated[datetime, BeforeValidator(_of_seconds)]
"""A moment in seconds since 1970."""
Stamp = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
"""A moment with its time zone."""
