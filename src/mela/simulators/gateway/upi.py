"""What UPI writes: the link that opens a payer's app, the bank's reference number, response codes."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from mela.kernel import clock, tables
from mela.kernel.errors import Rejected

CODES = Path(__file__).parent / "data" / "response-codes.yaml"
DECLINED_BY_PAYER, EXPIRED, PIN_TRIES_SPENT = "ZA", "U69", "Z6"
DEEMED, REVERSED, DEBIT_FAILED = "RB", "21", "U30"


class UnknownCode(Rejected):
    """No response code that closes a payment. Params: rejected (the code)."""

    code = "gateway.unknown_code"


@dataclass(frozen=True)
class Code:
    """An NPCI response code: what it means and how to treat it (success, pending, deemed, unknown, failed or expired)."""

    code: str
    meaning: str
    treat: str


def intent_url(*, vpa: str, name: str, reference: str, description: str, amount: int) -> str:
    """The link that opens a UPI app; `reference` becomes `tr`: letters and digits, at most 35. `amount` is in paise.

    Source: vivekkushwaha66/upi-deeplink-builder README, quoting NPCI's linking specification 1.x (2026-11-23, second hand).
    """
    rupees = f"{amount // 100}.{amount % 100:02}"
    fields = {"pa": vpa, "pn": name, "tr": reference, "tn": description, "am": rupees, "cu": "INR"}
    return "upi://pay?" + urlencode(fields, quote_via=quote, safe="@")


def read_link(link: str) -> dict[str, str]:
    """The fields of a link, as a phone's camera or another app hands it over; empty where it is no link that pays."""
    parts = urlsplit(link)
    if (parts.scheme.lower(), parts.netloc.lower()) != ("upi", "pay"):
        return {}
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def rrn(number: int, moment: datetime) -> str:
    """Retrieval reference number, 12 digits: last digit of the year, day of the year, hour in India, serial number.

    The layout is common habit, not a published rule (UNVERIFIED).
    """
    local = clock.india(moment)
    return f"{local.year % 10}{local:%j%H}{number % 1_000_000:06}"


def codes(day: date) -> dict[str, Code]:
    """The response codes in force on a day."""
    rows = _rows()
    return {
        row["code"]: Code(row["code"], row["meaning"], row["treat"])
        for row in rows
        if row["effective_from"] <= day and (row["effective_to"] is None or day <= row["effective_to"])
    }


def check_closes(code: str, day: date) -> None:
    """Whether the code closes a payment on a day. Raises: UnknownCode."""
    known = codes(day).get(code)
    if known is None or known.treat != "failed":
        raise UnknownCode(rejected=code)


@cache
def _rows() -> list[dict[str, Any]]:
    document = tables.read(CODES)
    shared = {name: document[name] for name in ("effective_from", "effective_to", "source", "mark")}
    return [shared | row for row in document["codes"]]
