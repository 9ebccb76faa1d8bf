"""`mela payments balance`, `payouts`, `hold`, `holds` and `release`: what merchants and sellers have coming."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL
from mela.cli.typed import Rupees

API = "/api/payments"
JSON = click.option("--json", "for_script", is_flag=True, help="For a script.")


@click.command(epilog="Example:  mela payments balance kaveri-traders")
@click.argument("merchant")
@URL
@operator.DATA
@JSON
def balance(merchant: str, url: str, data: Path, for_script: bool) -> None:
    """What a merchant or seller has coming, what is held, and what is on its way to the bank."""
    found = _get(url, data, f"/merchants/{merchant}/balance")
    if for_script:
        render.as_json(found)
        return
    beyond = f"refunds may take it to {_rupees(-found['refunds_beyond_paise'])}"
    rows = [
        ("coming", _rupees(found["coming_paise"]), beyond), ("held", _rupees(found["held_paise"]), ""),
        ("on its way", _rupees(found["sending_paise"]), ""),
    ]  # fmt: skip
    render.table(merchant, ("", "amount", ""), rows)


@click.command(
    epilog="Examples:  mela payments payouts kaveri-traders   ·   mela payments payouts kaveri-traders --json"
)
@click.argument("merchant")
@click.option("--limit", type=click.IntRange(1, 100), default=30, show_default=True, help="Payouts on a page.")
@click.option("--cursor", help="Where the page before ended; it says so.")
@URL
@operator.DATA
@JSON
def payouts(merchant: str, limit: int, cursor: str | None, url: str, data: Path, for_script: bool) -> None:
    """A merchant's or seller's payouts, the latest first: one for each settlement day at most."""
    found = _get(url, data, f"/merchants/{merchant}/payouts?limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
    if for_script:
        render.as_json(found)
    elif not found["items"]:
        render.line(f"{merchant} was paid nothing yet.")
    else:
        rows = [
            (one["date"], one["id"], _rupees(one["amount_paise"]), one["state"], one["utr"] or "–")
            for one in found["items"]
        ]
        render.table(f"Payouts of {merchant}", ("day", "payout", "amount", "", "UTR"), rows)
        if found["next_cursor"]:
            render.note(f"There are more: the same with --cursor {found['next_cursor']}")


@click.command(
    epilog='Example:  mela payments hold kaveri-traders 1299.00 --reason "chargeback expected, case_01KAR4T0GQ8V6M2Z3XJY5N7P9B"'
)
@click.argument("seller")
@click.argument("paise", metavar="RUPEES", type=Rupees())
@click.option("--reason", required=True, help="Why; it stays with the hold.")
@URL
@operator.DATA
def hold(seller: str, paise: int, reason: str, url: str, data: Path) -> None:
    """Keep money of a seller or merchant back: no more than is coming. It is not paid out until it is released."""
    body = {"seller_id": seller, "amount_paise": paise, "reason": reason}
    made = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/holds", data, body))
    render.line(
        f"{made['id']}: {_rupees(made['amount_paise'])} of {seller} held. Give it back: mela payments release {made['id']}"
    )


@click.command(epilog="Example:  mela payments holds")
@URL
@operator.DATA
@JSON
def holds(url: str, data: Path, for_script: bool) -> None:
    """What is held now, the oldest first: whose, how much, by whom and why. The first 200."""
    from mela.kernel.clock import india

    found = _get(url, data, "/holds?limit=200")
    if for_script:
        render.as_json(found)
    elif not found["items"]:
        render.line("Nothing is held.")
    else:
        rows = [
            (one["id"], one["seller_id"], _rupees(one["amount_paise"]), one["by"],
             india(datetime.fromisoformat(one["at"])).strftime("%d %b %H:%M"), one["reason"])
            for one in found["items"]
        ]  # fmt: skip
        render.table("Held", ("hold", "whose", "amount", "by", "since", "why"), rows)


@click.command(epilog="Example:  mela payments release hold_01KAR4T0GQ8V6M2Z3XJY5N7P9B")
@click.argument("hold_id", metavar="HOLD")
@URL
@operator.DATA
def release(hold_id: str, url: str, data: Path) -> None:
    """Give held money back to its seller, once; the next payout takes it along. Again: nothing changes."""
    made = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/holds/{hold_id}/release", data))
    render.line(
        f"{made['id']}: {_rupees(made['amount_paise'])} are {made['seller_id']}'s again, released by {made['released_by']}"
    )


def _get(url: str, data: Path, path: str) -> Any:
    return asyncio.run(operator.call("GET", f"{url.rstrip('/')}{API}{path}", data))


def _rupees(paise: int) -> str:
    from mela.kernel.money import Paise, rupees

    return rupees(Paise(paise))
