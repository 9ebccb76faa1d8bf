"""`mela accounts`."""

import asyncio
from pathlib import Path

import rich_click as click

from mela.cli import operator, render
from mela.cli.shopping import URL


@click.group()
def accounts() -> None:
    """Customers: erase who asked for it."""


@accounts.command(epilog="Example:  mela accounts erase cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B --yes")
@click.argument("customer_id", metavar="CUSTOMER")
@click.confirmation_option(prompt="Phone, name, sessions and addresses go for good. Erase?")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def erase(customer_id: str, url: str, data: Path, for_script: bool) -> None:
    """Erase a customer; tells what a law keeps, and until when. A customer does it by `DELETE /api/accounts/me`."""
    found = asyncio.run(operator.call("DELETE", f"{url.rstrip('/')}/api/accounts/customers/{customer_id}", data))
    if for_script:
        render.as_json(found)
        return
    render.line(f"{customer_id} is known no more since {render.india(found['erased'])} in India. What stays:")
    rows = [(k["what"], k["until"] or "until it is over", k["law"], k["mark"]) for k in found["kept"]]
    render.table("Kept", ("what", "until", "why", "mark"), rows)
