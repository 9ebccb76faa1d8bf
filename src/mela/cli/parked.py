"""`mela parked`."""

import asyncio
from pathlib import Path

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL


@click.group()
def parked() -> None:
    """Events that wait, and events that a handler gave up on."""


@parked.command(name="list", epilog="Examples:  mela parked list   ·   mela parked list --json")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def list_(url: str, data: Path, for_script: bool) -> None:
    """What waits and what is parked, by service."""
    found = asyncio.run(operator.call("GET", f"{url.rstrip('/')}/api/control/events", data))
    if for_script:
        render.as_json(found)
        return
    render.table("Events", ("service", "to send", "waiting", "parked"),
                 [(s["service"], s["to_send"], s["waiting"], len(s["parked"])) for s in found["items"]])  # fmt: skip
    rows = [(s["service"], e["id"], e["name"], e["behind"], e["reason"]) for s in found["items"] for e in s["parked"]]
    if rows:
        render.table("Parked", ("service", "id", "what", "behind it", "why"), rows)
        render.line("Mend the cause, then: mela parked replay SERVICE ID")


@parked.command(epilog="Example:  mela parked replay orders evt_01KAR4T0GQ8V6M2Z3XJY5N7P9B")
@click.argument("service")
@click.argument("event_id", metavar="ID")
@URL
@operator.DATA
def replay(service: str, event_id: str, url: str, data: Path) -> None:
    """Let a parked event go again; those behind it follow in order."""
    asyncio.run(operator.call("POST", f"{url.rstrip('/')}/api/control/events/{service}/{event_id}/replay", data))
    render.line(f"{event_id} goes again")
