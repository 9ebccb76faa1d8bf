"""`mela settle`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import render
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
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("mela-data"),
    show_default=True,
    help="Where the operator's token is.",
)
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def settle(day: datetime | None, ahead: bool, url: str, data: Path, for_script: bool) -> None:
    """Pay every seller what is due on a settlement date (T+1 banking day). Run it again: nobody is paid twice."""
    from mela.kernel.clock import SystemClock, india_date

    today = india_date(SystemClock().now())
    date = None if ahead else (day.date() if day else today).isoformat()
    run = asyncio.run(_run(url.rstrip("/"), data, date))
    if for_script:
        render.as_json(run)
    else:
        _show(run)


async def _run(url: str, data: Path, date: str | None) -> dict[str, Any]:
    import httpx2

    from mela.kernel import ids
    from mela.runtime.settings import operator_token
    from mela.simulators.shopper import NotThere, Refused

    token = operator_token(data)
    if token is None:
        raise NotThere(f"There is no operator's token in {data}: say where the platform keeps its data with --data")
    async with httpx2.AsyncClient(timeout=120.0) as http:
        answer = await http.post(
            f"{url}/api/settlement/runs",
            json={"date": date},
            headers={"authorization": f"Bearer {token}", "idempotency-key": ids.new_id("run")},
        )
    body: dict[str, Any] = answer.json()
    if answer.status_code >= 400:
        raise Refused(answer.status_code, body)
    return body


def _show(run: dict[str, Any]) -> None:
    from mela.kernel.money import Paise, rupees

    rows = [(p["seller_id"], p["state"], rupees(Paise(p["amount_paise"])), p["utr"] or "–") for p in run["payouts"]]
    render.table(f"Settlement of {run['date']}", ("seller", "state", "amount", "bank reference"), rows)
    render.line(f"{run['paid']} paid, {rupees(Paise(run['paid_paise']))} in all; {run['carried']} carried forward")
