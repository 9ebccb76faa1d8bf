"""`mela ledger`."""

import asyncio
import re
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL

API = "/api/payments/ledger"
_DIGEST = re.compile(r"[0-9a-f]{12,64}")


@click.group()
def ledger() -> None:
    """The books: balances of any moment, and whether what was sealed is still what was entered."""


@ledger.command(epilog="Examples:  mela ledger balances   ·   mela ledger balances --at 2026-11-25T23:59:59+05:30")
@click.option("--at", help="As of this moment, with its zone  [default: now]")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def balances(at: str | None, url: str, data: Path, for_script: bool) -> None:
    """Every account with its debits and credits."""
    from urllib.parse import quote

    from mela.kernel.money import Paise, rupees

    query = f"?at={quote(_moment(at).isoformat())}" if at else ""
    found = asyncio.run(operator.call("GET", f"{url.rstrip('/')}{API}/balances{query}", data))
    if for_script:
        render.as_json(found)
        return
    heads = ("debits_paise", "credits_paise", "balance_paise")
    rows = [(a["account"], *(rupees(Paise(a[head])) for head in heads)) for a in found["items"]]
    render.table("Balances", ("account", "debits", "credits", "balance"), rows)
    render.line(f"All balances add up to {rupees(Paise(found['sum_paise']))}")


@ledger.command(epilog="Examples:  mela ledger verify   ·   mela ledger verify --head 9f86d081884c7d65")
@click.option(
    "--head", help="A digest (or its first 12 or more characters) that was noted elsewhere: it must be in the chain."
)
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def verify(head: str | None, url: str, data: Path, for_script: bool) -> None:
    """Compute every seal anew and compare; exits 1 at the first block that does not hold.

    Whoever can write to the database can also forge seals. Note the head elsewhere, and pass it with --head next time.
    """
    if head is not None and not _DIGEST.fullmatch(head := head.lower()):
        raise click.BadParameter(
            "a digest has 12 to 64 characters of 0-9 and a-f, as `mela ledger verify` shows it; fewer prove nothing",
            param_hint="--head",
        )
    verdict = asyncio.run(_verify(url.rstrip("/") + API, data, head))
    render.as_json(verdict) if for_script else _tell(verdict, head)
    sys.exit(0 if verdict["holds"] else 1)


async def _verify(base: str, data: Path, head: str | None) -> dict[str, Any]:
    newest = await operator.call("GET", f"{base}/seals?limit=1", data)
    last = newest["items"][0]["number"] if newest["items"] else 0
    found: dict[str, Any] = {
        "holds": True,
        "blocks": last,
        "transfers": 0,
        "unsealed": newest["unsealed"],
        "stray": newest["stray"],
        "head": None,
    }
    seen, sums = head is None, Counter[str]()
    cursor: str | None = "0"
    with render.progress("Computing seals", last) as advance:
        while cursor is not None:
            page = await operator.call("GET", f"{base}/seals/checks?limit=50&cursor={cursor}", data)
            for block in page["items"]:
                if not block["holds"]:
                    return found | {"holds": False, "block": block["number"], "fault": block["fault"]}
                seen = seen or block["digest"].startswith(str(head))
                found |= {"transfers": found["transfers"] + block["transfers"], "head": block["digest"]}
                sums.update({each["account"]: each["balance_paise"] for each in block["moved"]})
                advance()
            cursor = page["next_cursor"]
    if not seen:
        return found | {"holds": False, "fault": "head"}
    return found | await _agree(base, data, sums)


async def _agree(base: str, data: Path, sums: Counter[str]) -> dict[str, Any]:
    """Whether the sums that are kept beside the blocks are those of the blocks."""
    kept = (await operator.call("GET", f"{base}/balances?sealed=true", data))["items"]
    wrong = [each["account"] for each in kept if each["balance_paise"] != sums[each["account"]]]
    return {"holds": not wrong, "fault": "totals", "accounts": wrong} if wrong else {}


def _tell(verdict: dict[str, Any], noted: str | None) -> None:
    if verdict["holds"]:
        render.line(
            f"{verdict['blocks']} blocks with {verdict['transfers']} transfers hold; {verdict['unsealed']} wait to be sealed"
        )
        if noted:
            render.line("The digest that you noted is in the chain.")
        if verdict["stray"]:
            render.line(f"{verdict['stray']} transfers lie in no month's partition: see docs/systems/02-payments.md")
        render.line(
            f"head {verdict['head'] or '–'}: note it outside of this database, and pass it with --head next time"
        )
    elif verdict["fault"] == "head":
        render.line("The chain holds in itself, but the digest that you noted is not in it: it was made anew.")
    elif verdict["fault"] == "totals":
        render.line(f"The blocks hold, but the sums kept of {', '.join(verdict['accounts'])} are not theirs.")
    else:
        render.line(
            f"Block {verdict['block']} of {verdict['blocks']} does not hold: {verdict['fault']} differs. "
            "Transfers were changed, added or dropped after they were sealed; compare with a backup."
        )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _no_moment(text) from None
    if moment.tzinfo is None:
        raise _no_moment(text)
    return moment


def _no_moment(text: str) -> click.BadParameter:
    return click.BadParameter(
        f"{text!r} is no moment with a zone, such as 2026-11-25T23:59:59+05:30", param_hint="--at"
    )
