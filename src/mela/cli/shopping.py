"""`mela buy`."""

import asyncio
from typing import Any

import rich_click as click

from mela.cli import render

URL = click.option("--url", default="http://127.0.0.1:3000", show_default=True, help="Where the platform runs.")


@click.command(
    epilog="Examples:  mela buy atta   ·   mela buy 'cricket bat' --method cod   ·   mela buy घी --language hi --json   ·   "
    "mela buy saree --method card --card 6521111111111110   ·   mela buy atta --method netbanking --with SBIN   ·   "
    "mela buy --url http://localhost:3101 --url catalog=http://localhost:3102"
)
@click.argument("words", nargs=-1)
@click.option("--quantity", type=click.IntRange(1, 20), default=1, show_default=True, help="Pieces.")
@click.option(
    "--method", type=click.Choice(["upi", "card", "netbanking", "wallet", "cod"]), default="upi", show_default=True,
    help="How it is paid; cod: cash on delivery.",
)  # fmt: skip
@click.option(
    "--card",
    default="4111 1111 1111 1111",
    show_default=True,
    help="Number of a card, for --method card: a made-up one.",
)
@click.option(
    "--with",
    "named",
    help="Bank (as its IFSCs begin: SBIN) or wallet (paytm), for those methods.  [default: HDFC, paytm]",
)
@click.option("--phone", help="Whose phone signs in: +91 and ten digits.  [default: a new one each time]")
@click.option("--language", type=click.Choice(["en", "hi", "ta", "te", "kn"]), default="en", show_default=True)
@click.option(
    "--url",
    "urls",
    multiple=True,
    default=["http://127.0.0.1:3000"],
    show_default=True,
    help="Where the platform runs; again with SERVICE=URL for one that answers elsewhere.",
)
@click.option("--json", "for_script", is_flag=True, help="One JSON object a step.")
def buy(
    words: tuple[str, ...],
    quantity: int,
    phone: str | None,
    language: str,
    urls: tuple[str, ...],
    for_script: bool,
    *,
    method: str,
    card: str,
    named: str | None,
) -> None:
    """Play a whole purchase against a running platform, and tell it: sign in, find, pay, see the order confirmed."""
    from mela.kernel import ids

    phone = phone or f"+919{ids.new_code(9)}"
    given = _number(card) if method == "card" else named or ""
    places = _places(urls)
    asyncio.run(
        _buy(" ".join(words) or "atta", quantity, phone, language, places, for_script, method=method, given=given)
    )


def _number(card: str) -> str:
    """The digits of a card as people write them. Raises: BadParameter for what no network knows."""
    from mela.kernel import cards

    digits = card.replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdecimal() or not cards.is_number(digits):
        raise click.BadParameter(
            "no network knows such a card; try 4111 1111 1111 1111, which is for tests", param_hint="--card"
        )
    return digits


async def _buy(
    words: str,
    quantity: int,
    phone: str,
    language: str,
    urls: dict[str, str],
    for_script: bool,
    *,
    method: str,
    given: str,
) -> None:
    import httpx2

    from mela.simulators import shopper

    async with httpx2.AsyncClient(timeout=30.0) as http:
        person = shopper.Shopper.at(http, urls, phone, language)
        async for told in shopper.purchase(person, words=words, quantity=quantity, method=method, given=given):
            if for_script:
                render.as_json({"step": told.step, "text": told.text, **told.data})
            elif told.step == "invoice":
                _show_invoice(told.data, language)
            else:
                render.step(told.step, told.text + _amount(told.data, language))


def _places(urls: tuple[str, ...]) -> dict[str, str]:
    """URL by service; under the empty name where all others are. Raises: BadParameter for an unknown service."""
    from mela.runtime import registry

    places = {"": "http://127.0.0.1:3000"}
    for written in urls:
        name, _, url = written.partition("=") if not written.startswith("http") else ("", "", written)
        if name and name not in registry.ENTRIES:
            raise click.BadParameter(
                f"{name!r} is no service; there are {', '.join(registry.ENTRIES)}", param_hint="--url"
            )
        places[name] = url.rstrip("/")
    return places


def _amount(data: dict[str, Any], language: str) -> str:
    from mela.kernel import money

    return f", {money.rupees(money.Paise(data['total_paise']), language)}" if "total_paise" in data else ""


def _show_invoice(invoice: dict[str, Any], language: str) -> None:
    from mela.kernel.money import Paise, rupees, words

    tax = "IGST" if invoice["igst_paise"] else "CGST + SGST"
    rows = [
        (
            line["names"][language],
            line["hsn"],
            line["quantity"],
            f"{line['rate_bp'] / 100:g} %",
            rupees(Paise(line["gross_paise"]), language),
        )
        for line in invoice["lines"]
    ]
    title = f"Invoice {invoice['number']} of {invoice['seller']['name']}, GSTIN {invoice['seller']['gstin']}"
    render.table(title, ("item", "HSN", "pieces", "GST", "amount"), rows)
    paid = invoice["cgst_paise"] + invoice["sgst_paise"] + invoice["igst_paise"]
    render.line(f"{tax} {rupees(Paise(paid), language)} within {rupees(Paise(invoice['total_paise']), language)}")
    render.line(words(Paise(invoice["total_paise"]), language))
