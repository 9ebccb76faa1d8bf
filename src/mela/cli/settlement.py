"""`mela settle`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL


@click.command(
    epilog="Examples:  mela settle --next   ·   mela settle --date 2026-11-24   ·   mela settle --date 2026-11-24 --json"
)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Settlement date  [default: today in India]")
@click.option(
    "--next",
    "ahead",
    is_flag=True,
    help="The date on which today's sales are due, without waiting for it (laptops only).",
)
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def settle(day: datetime | None, ahead: bool, url: str, data: Path, for_script: bool) -> None:
    """Pay every seller what is due on a settlement date (T+1 banking day). Run it again: nobody is paid twice."""
    from mela.kernel.clock import SystemClock, india_date

    today = india_date(SystemClock().now())
    date = None if ahead else (day.date() if day else today).isoformat()
    run = asyncio.run(operator.call("POST", f"{url.rstrip('/')}/api/settlement/runs", data, {"date": date}))
    if for_script:
        render.as_json(run)
    else:
        _show(run)


def _show(run: dict[str, Any]) -> None:
    from mela.kernel.money import Paise, rupees

    rows = [(p["seller_id"], p["state"], rupees(Paise(p["amount_paise"])), p["utr"] or "–") for p in run["payouts"]]
    render.table(f"Settlement of {run['date']}", ("seller", "state", "amount", "bank reference"), rows)
    render.line(
        f"Paid by now: {run['paid']}, {rupees(Paise(run['paid_paise']))} in all; carried forward: {run['carried']}"
    )
