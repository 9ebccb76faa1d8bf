"""`mela merchants`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL

API = "/api/accounts/api-keys"
SCOPES = ("payments:read", "payments:write", "refunds:write", "settlement:read", "webhooks:read", "webhooks:write")
JSON = click.option("--json", "for_script", is_flag=True, help="For a script.")


@click.group()
def merchants() -> None:
    """Those who sell and take payments here."""


@merchants.group()
def keys() -> None:
    """API keys of merchants: what each may do, from where, until when. A key is shown once, when it is made."""


@keys.command(
    name="list", epilog="Examples:  mela merchants keys list   ·   mela merchants keys list kaveri-traders --json"
)
@click.argument("merchant", required=False)
@URL
@operator.DATA
@JSON
def list_(merchant: str | None, url: str, data: Path, for_script: bool) -> None:
    """Keys that work, the newest first: everybody's, or one merchant's."""
    found = asyncio.run(_all(f"{url.rstrip('/')}{API}", data, {"seller_id": merchant} if merchant else {}))
    if for_script:
        render.as_json(found)
    elif not found:
        render.line("There is no key that works.")
    else:
        columns = ("key", "merchant", "mode", "may", "from", "for", "last used", "until")
        render.table("API keys, times in India", columns, map(_row, found))


@keys.command(
    epilog="Examples:  mela merchants keys create kaveri-traders --mode test --scope payments:read --scope payments:write "
    '--name "first steps"   ·   mela merchants keys create kaveri-traders --mode live --scope payments:write '
    '--network 203.0.113.0/24 --days 365 --name "web shop"'
)
@click.argument("merchant")
@click.option("--mode", type=click.Choice(["test", "live"]), required=True, help="test moves no money.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="What it may do; repeat it."
)
@click.option(
    "--network", "networks", multiple=True, help="Where it may be used from, such as 203.0.113.0/24; repeat it."
)
@click.option("--days", type=click.IntRange(1, 3650), help="It ends after so many days.")
@click.option("--name", required=True, help="What it is for.")
@URL
@operator.DATA
@JSON
def create(
    merchant: str, *, mode: str, scopes: Sequence[str], networks: Sequence[str], days: int | None, name: str, url: str,
    data: Path, for_script: bool,
) -> None:  # fmt: skip
    """Make a key. Its text goes to stdout, this once; what else there is to say goes to stderr."""
    body = {
        "seller_id": merchant,
        "mode": mode,
        "scopes": list(scopes),
        "networks": list(networks),
        "days": days,
        "name": name,
    }
    _show(asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}", data, body)), for_script=for_script)


@keys.command(epilog="Example:  mela merchants keys rotate key_01KAR4T0GQ8V6M2Z3XJY5N7P9B --overlap 48")
@click.argument("key_id", metavar="KEY")
@click.option("--overlap", "hours", type=click.FloatRange(0, 720), default=24.0, show_default=True,
              help="Hours for which the old key works on.")  # fmt: skip
@URL
@operator.DATA
@JSON
def rotate(key_id: str, hours: float, url: str, data: Path, for_script: bool) -> None:
    """Make a key that may do what another may; the other one ends after the overlap."""
    body = {"overlap_s": round(hours * 3600)}
    made = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/{key_id}/rotate", data, body))
    _show(made, for_script=for_script)
    if not for_script:
        render.note(f"{key_id} works until {render.india(made['old_api_key']['expires'])}")


@keys.command(epilog="Example:  mela merchants keys revoke key_01KAR4T0GQ8V6M2Z3XJY5N7P9B")
@click.argument("key_id", metavar="KEY")
@URL
@operator.DATA
def revoke(key_id: str, url: str, data: Path) -> None:
    """End a key at once, everywhere."""
    asyncio.run(operator.call("DELETE", f"{url.rstrip('/')}{API}/{key_id}", data))
    render.line(f"{key_id} is revoked.")


def _show(made: Any, *, for_script: bool) -> None:
    if for_script:
        render.as_json(made)
        return
    key = made["api_key"]
    render.note(f"{key['id']} of {key['seller_id']}, {key['mode']}; nobody can be shown it again:")
    render.line(made["token"] or "It was made before, by the same request.")


def _row(key: Any) -> Sequence[str]:
    return (
        key["id"], key["seller_id"], key["mode"], ", ".join(key["scopes"]), ", ".join(key["networks"]) or "anywhere", key["name"],
        render.india(key["last_used"]) if key["last_used"] else "never", render.india(key["expires"]) if key["expires"] else "no end",
    )  # fmt: skip


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
