"""`mela webhooks`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL

API = "/api/webhooks"
JSON = click.option("--json", "for_script", is_flag=True, help="For a script.")


@click.group()
def webhooks() -> None:
    """Webhooks of all sellers as the person on duty sees them: endpoints, dead letters, replays."""


@webhooks.command(name="list", epilog="Examples:  mela webhooks list   ·   mela webhooks list --json")
@URL
@operator.DATA
@JSON
def list_(url: str, data: Path, for_script: bool) -> None:
    """Every endpoint: whose, where, and how it is."""
    found = asyncio.run(_all(f"{url.rstrip('/')}{API}/endpoints", data, {}))
    if for_script:
        render.as_json(found)
        return
    rows = [
        (e["id"], e["seller_id"] or "(operator)", e["url"], ", ".join(e["types"]) or "all", _state(e)) for e in found
    ]
    render.table("Webhook endpoints", ("endpoint", "seller", "url", "types", "state"), rows)


@webhooks.command(epilog="Examples:  mela webhooks dead   ·   mela webhooks dead we_01KAR4T0GQ8V6M2Z3XJY5N7P9B --json")
@click.argument("endpoint_id", metavar="[ENDPOINT]", required=False)
@URL
@operator.DATA
@JSON
def dead(endpoint_id: str | None, url: str, data: Path, for_script: bool) -> None:
    """Dead letters, newest first: what nobody tries any more. Exits 1 when there are any."""
    query = {"state": "dead"} | ({"endpoint_id": endpoint_id} if endpoint_id else {})
    found = asyncio.run(_all(f"{url.rstrip('/')}{API}/deliveries", data, query))
    if for_script:
        render.as_json(found)
    else:
        rows = [
            (
                d["id"],
                d["endpoint_id"],
                d["seller_id"] or "(operator)",
                d["type"],
                _india(d["created"]),
                d["tries"],
                d["last_error"],
            )
            for d in found
        ]
        render.table(
            "Dead letters (India)", ("delivery", "endpoint", "seller", "what", "published", "tries", "why"), rows
        )
        render.line(
            "Mend the endpoint, then: mela webhooks replay DELIVERY, or replay ENDPOINT --since DAY"
            if found
            else "None."
        )
    raise SystemExit(1 if found else 0)


@webhooks.command(
    epilog="Examples:  mela webhooks replay dlv_01KAR4T0GQ8V6M2Z3XJY5N7P9B   ·   "
    "mela webhooks replay we_01KAR4T0GQ8V6M2Z3XJY5N7P9B --since 2026-11-26"
)
@click.argument("name", metavar="DELIVERY|ENDPOINT")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Of an endpoint: published in India since."
)
@URL
@operator.DATA
def replay(name: str, since: datetime | None, url: str, data: Path) -> None:
    """Send one delivery again, or all dead letters of an endpoint since a moment, with the same `webhook-id`."""
    from mela.kernel.clock import INDIA

    base = url.rstrip("/") + API
    if name.startswith("dlv_"):
        made = asyncio.run(operator.call("POST", f"{base}/deliveries/{name}/replay", data))
        render.line(f"{made['id']} goes again, {made['type']} to {made['endpoint_id']}")
        return
    if since is None:
        raise click.UsageError("An endpoint's dead letters are replayed --since a day, such as --since 2026-11-26.")
    body = {"since": since.replace(tzinfo=INDIA).isoformat()}
    found = asyncio.run(operator.call("POST", f"{base}/endpoints/{name}/replay", data, body))
    render.line(f"{found['replayed']} go again")


async def _all(url: str, data: Path, query: dict[str, str]) -> list[Any]:
    """Every page of a list."""
    found: list[Any] = []
    cursor: str | None = None
    while True:
        page = await operator.call("GET", f"{url}?{urlencode(query | ({'cursor': cursor} if cursor else {}))}", data)
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _state(endpoint: Any) -> str:
    if not endpoint["enabled"]:
        return f"disabled: {endpoint['disabled_reason']}, {_india(endpoint['disabled_at'])}"
    return f"failing since {_india(endpoint['failing_since'])}" if endpoint["failing_since"] else "well"


def _india(moment: str) -> str:
    from mela.kernel.clock import india

    return india(datetime.fromisoformat(moment)).strftime("%d %b %H:%M:%S")
