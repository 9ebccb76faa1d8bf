"""`mela payments list` and `mela payments show`."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import rich_click as click
from rich.text import Text

from mela.cli import operator, render
from mela.cli.shopping import URL
from mela.cli.typed import Rupees

API = "/api/payments"
STATES = {
    "created": "yellow", "pending": "yellow", "authorized": "cyan", "captured": "green", "failed": "red", "expired": "dim",
    "cancelled": "dim",
}  # fmt: skip
KINDS = {"moved": "bold", "ledger": "dim", "case": "red", "risk": "magenta"}
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
JSON = click.option("--json", "for_script", is_flag=True, help="For a script.")


@click.command(
    name="list",
    epilog="Examples:  mela payments list   ·   mela payments list --state failed --state expired --from 2026-11-26   ·   "
    "mela payments list --rrn 632715000042   ·   mela payments list --method card --min 50000 --json",
)
@click.option(
    "--state", "states", multiple=True, type=click.Choice(list(STATES)), help="In this state; may be repeated."
)
@click.option("--method", help="By this method: upi, card, cod, ….")
@click.option("--provider", help="At this provider.")
@click.option("--order", "order_id", metavar="ID", help="For this order.")
@click.option("--merchant", "merchant_id", metavar="ID", help="Begun by this merchant by the API.")
@click.option("--reference", help="What a merchant calls it.")
@click.option("--rrn", help="With this reference of the bank.")
@click.option("--from", "since", type=DAY, help="Begun then or later, in India.")
@click.option("--to", "until", type=DAY, help="Begun before then, in India.")
@click.option("--min", "least", type=Rupees(), help="Of so many rupees or more.")
@click.option("--max", "most", type=Rupees(), help="Of so many rupees or fewer.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="Payments on a page.")
@click.option("--cursor", help="Where the page before ended; it says so.")
@URL
@operator.DATA
@JSON
def list_(
    *, states: Sequence[str], since: datetime | None, until: datetime | None, least: int | None, most: int | None,
    url: str, data: Path, for_script: bool, **given: Any,
) -> None:  # fmt: skip
    """Payments, the latest first, with all filters at once."""
    from mela.kernel.clock import INDIA

    asked = given | {
        "state": states, "since": since and since.replace(tzinfo=INDIA).isoformat(),
        "until": until and until.replace(tzinfo=INDIA).isoformat(),
        "at_least_paise": least, "at_most_paise": most,
    }  # fmt: skip
    query = urlencode({name: value for name, value in asked.items() if value}, doseq=True)
    found = asyncio.run(operator.call("GET", f"{url.rstrip('/')}{API}/payments?{query}", data))
    if for_script:
        render.as_json(found)
        return
    if not found["items"]:
        render.line("No payment is like that.")
        return
    columns = ("begun (India)", "payment", "state", "amount", "by", "at", "RRN or why")
    render.table("Payments, the latest first", columns, map(_row, found["items"]))
    if found["next_cursor"]:
        render.note(f"There are more: the same with --cursor {found['next_cursor']}")


def _row(one: Any) -> Sequence[str | Text]:
    from mela.kernel.money import Paise, rupees

    amount, back = rupees(Paise(one["amount_paise"])), one["refunded_paise"]
    why = " ".join(filter(None, (one["reason"], one["meaning"] and f"({one['meaning']})")))
    return (
        _india(one["created"], "%d %b %H:%M:%S"), one["id"], Text(one["state"] + (" (test)" if one["mode"] == "test" else ""), STATES.get(one["state"], "")),
        amount + (f", {rupees(Paise(back))} back" if back else ""), one["paid_with"] or one["method"], one["provider"] or "–",
        one["rrn"] or why or "–",
    )  # fmt: skip


@click.command(epilog="Example:  mela payments show pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B")
@click.argument("payment_id", metavar="ID")
@URL
@operator.DATA
@JSON
def show(payment_id: str, url: str, data: Path, for_script: bool) -> None:
    """The whole life of a payment: judged, sent where and why, every move, callback, refund, ledger entry, webhook and case.

    Below it: what comes next by itself, and what a person can do.
    """
    payment, line, told = asyncio.run(_look(url.rstrip("/"), data, payment_id))
    moments = [*line["moments"], *(each for one in told for each in _delivery(one))]
    moments.sort(key=lambda each: datetime.fromisoformat(each["at"]))
    if for_script:
        render.as_json(payment | {"timeline": moments, "outlook": line["outlook"]})
        return
    render.lines([_head(payment), Text(_facts(payment), "dim")])
    began = datetime.fromisoformat(payment["created"])
    render.table(
        f"\n{_india(payment['created'], '%A, %d %B %Y')}, times in India", ("when", "after", "what", "by", ""),
        [_moment(each, began) for each in moments],
    )  # fmt: skip
    for text in _next(payment, line["outlook"], moments):
        render.step("next", text)


async def _look(base: str, data: Path, payment_id: str) -> tuple[Any, Any, Any]:
    """The payment, its timeline, and the webhooks that tell of it; none where that service is not there."""
    from mela.simulators.shopper import Refused

    payment = await operator.call("GET", f"{base}{API}/payments/{payment_id}", data)
    line = await operator.call("GET", f"{base}{API}/payments/{payment_id}/timeline", data)
    try:
        sent = await operator.call("GET", f"{base}/api/webhooks/deliveries?payment_id={payment_id}&limit=100", data)
    except Refused as refusal:
        render.note(f"Nothing about webhooks: {refusal}")
        return payment, line, []
    return payment, line, sent["items"]


def _head(payment: Any) -> Text:
    from mela.kernel.money import Paise, rupees

    state = payment["state"]
    return Text.assemble(
        (payment["id"], "bold"), f"  {rupees(Paise(payment['amount_paise']))} by {payment['paid_with'] or payment['method']}  ",
        (f"{state}" + (f": {payment['reason']}" if payment["reason"] else ""), STATES.get(state, "")),
    )  # fmt: skip


def _facts(payment: Any) -> str:
    from mela.kernel.money import Paise, rupees

    taken = payment["captured_paise"]
    facts = [
        f"for {payment['order_id']}", payment["rrn"] and f"RRN {payment['rrn']}",
        taken and taken != payment["amount_paise"] and f"{rupees(Paise(taken))} taken",
        payment["refunded_paise"] and f"{rupees(Paise(payment['refunded_paise']))} given back or on its way back",
        payment["expires"] and f"payable until {_india(payment['expires'], '%H:%M:%S')}",
    ]  # fmt: skip
    return ", ".join(filter(None, facts))


def _moment(each: Any, began: datetime) -> Sequence[str | Text]:
    at = datetime.fromisoformat(each["at"])
    text = each["text"] + (f"  [{each['about']}]" if each["about"] else "")
    return _india(each["at"], "%H:%M:%S"), _span((at - began).total_seconds()), *(
        Text(part, KINDS.get(each["kind"], "")) for part in (each["kind"], each["by"], text)
    )  # fmt: skip


def _delivery(one: Any) -> Iterator[dict[str, Any]]:
    """A webhook that tells of the payment: published, and where it is or has ended."""
    fixed = {"kind": "webhook", "by": one["seller_id"] or "operator's", "about": one["id"]}
    tries = "1 try" if one["tries"] == 1 else f"{one['tries']} tries"
    how = f"{one['state']} after {tries}" + (f", last {one['last_error']}" if one["last_error"] else "")
    if one["finished"]:
        yield fixed | {"at": one["created"], "text": f"{one['type']} to {one['endpoint_id']}"}
        yield fixed | {"at": one["finished"], "text": how}
    else:
        again = f", next try {_india(one['next_try'], '%H:%M:%S')}" if one["next_try"] else ""
        yield fixed | {"at": one["created"], "text": f"{one['type']} to {one['endpoint_id']} {how}{again}"}


def _next(payment: Any, outlook: str | None, moments: Sequence[Any]) -> Iterator[str]:
    """What comes by itself, and what a person can do."""
    if outlook:
        yield outlook
    if payment["reason"] == "risk_review" and payment["state"] == "created":
        yield f'look at it: mela payments review {payment["id"]} allow --note "…", or block'
    closed = {each["about"] for each in moments if each["kind"] == "case" and each["text"].startswith("closed")}
    for case in [each for each in moments if each["kind"] == "case" and each["about"] not in closed]:
        yield f"a case is open: mela payments cases, then mela payments close {case['about']} --as …"
    if any(each["kind"] == "webhook" and each["text"].startswith("dead") for each in moments):
        yield "a webhook was given up: mela webhooks dead"


def _span(seconds: float) -> str:
    """A time since the beginning: 0.041 s, 12.3 s, 4 min 05 s, 3 h 12 min."""
    if seconds < 60:
        return f"{seconds:.3f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _india(moment: str, form: str) -> str:
    from mela.kernel.clock import india

    return india(datetime.fromisoformat(moment)).strftime(form)
