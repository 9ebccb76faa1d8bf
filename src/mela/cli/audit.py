"""`mela audit`."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL


@click.command(epilog="Examples:  mela audit orders   ·   mela audit orders --row ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B   ·   mela audit accounts --by operator --json")  # fmt: skip
@click.argument("service", type=click.Choice(["accounts", "orders", "settlement"]))
@click.option("--row", help="Of this row only: an order, a customer.")
@click.option("--by", help="By this caller only.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many, newest first.")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def audit(service: str, row: str | None, by: str | None, limit: int, url: str, data: Path, for_script: bool) -> None:
    """Who read personal data of a service, when, and by which route."""
    found = asyncio.run(_reads(f"{url.rstrip('/')}/api/control/reads/{service}", data, limit, row=row, by=by))
    if for_script:
        render.as_json(found)
        return
    if not found:
        render.line("Nobody has read any that is like that.")
        return
    rows = [
        (render.india(r["at"], "%d %b %Y %H:%M:%S"), f"{r['by_kind']} {r['by_id']}", r["what"], r["row"], r["route"])
        for r in found
    ]
    render.table("Reads of personal data", ("when (India)", "who", "what", "whose", "by"), rows)


async def _reads(address: str, data: Path, limit: int, **wanted: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < limit:
        asked = {**wanted, "limit": str(min(200, limit - len(found))), "cursor": cursor}
        page = await operator.call("GET", f"{address}?{urlencode({k: v for k, v in asked.items() if v})}", data)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return found
