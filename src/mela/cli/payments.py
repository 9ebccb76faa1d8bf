"""`mela payments`."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import balances, history, operator, render
from mela.cli.shopping import URL
from mela.cli.typed import Rupees

API = "/api/payments"


@click.group()
def payments() -> None:
    """Payments as the person on duty sees them: lists, the life of one, what merchants have coming, days held against the
    provider's files, and cases.
    """


payments.add_command(history.list_)
payments.add_command(history.show)
payments.add_command(balances.balance)
payments.add_command(balances.payouts)
payments.add_command(balances.hold)
payments.add_command(balances.holds)
payments.add_command(balances.release)


@payments.command(epilog="Examples:  mela payments reconcile   ·   mela payments reconcile --day 2026-11-25")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="A day in India that is over  [default: yesterday]")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def reconcile(day: datetime | None, url: str, data: Path, for_script: bool) -> None:
    """Hold a day against the provider's file, and what it settled to our bank that day; what does not agree opens a case.

    Exits 1 when there are any.
    """
    from mela.kernel.clock import SystemClock, india_date
    from mela.kernel.money import Paise, rupees

    wanted = day.date() if day else india_date(SystemClock().now()) - timedelta(days=1)
    body = {"day": wanted.isoformat()}
    found: dict[str, Any] = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/reconciliations", data, body))
    if for_script:
        render.as_json(found)
    else:
        rows = [(o["outcome"], f"{o['count']:,}", rupees(Paise(o["amount_paise"]))) for o in found["outcomes"]]
        if rows:
            render.table(f"Reconciliation of {found['day']}", ("outcome", "movements", "amount"), rows)
        else:
            render.line(f"Nothing moved on {found['day']}, here or at a provider.")
        if found["settlements"]:
            rows = [(o["outcome"], f"{o['count']:,}", rupees(Paise(o["amount_paise"]))) for o in found["settlements"]]
            render.table("Settlements", ("outcome", "movements", "before fees"), rows)
        if found["arrived"]:
            rows = [(a["provider"], a["utr"], f"{a['movements']:,}", *(rupees(Paise(a[f"{part}_paise"])) for part in ("fee", "tax", "net")))
                    for a in found["arrived"]]  # fmt: skip
            render.table("Arrived at the bank", ("provider", "UTR", "movements", "fee", "tax on it", "net"), rows)
        render.line("Both books agree." if found["agrees"] else "What does not agree is a case: mela payments cases")
    raise SystemExit(0 if found["agrees"] else 1)


@payments.command(epilog="Examples:  mela payments cases   ·   mela payments cases --closed")
@click.option("--closed", is_flag=True, help="Those that were closed, and how.")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def cases(closed: bool, url: str, data: Path, for_script: bool) -> None:
    """What a person has to look at: refused refunds, and what the books of a day do not agree on. The newest 200."""
    state = "closed" if closed else "open"
    found = asyncio.run(operator.call("GET", f"{url.rstrip('/')}{API}/cases?state={state}&limit=200", data))
    if for_script:
        render.as_json(found)
    elif not found["items"]:
        render.line(f"No case is {state}.")
    else:
        render.table(f"Cases, {state}", ("case", "what", "about", "amount", "since", "owner", "put right by", "end"),
                     [_case(each) for each in found["items"]])  # fmt: skip


@payments.command(
    epilog="Examples:  mela payments close case_01KAR4T0GQ8V6M2Z3XJY5N7P9B --as refund_again   ·   "
    'mela payments close case_01KAR4T0GQ8V6M2Z3XJY5N7P9B --as paid_directly --note "NEFT N330261234567"   ·   '
    'mela payments close case_01KAR4T0GQ8V6M2Z3XJY5N7P9B --as posted --note "the file is right, UTR 632715000042"'
)
@click.argument("case_id", metavar="CASE")
@click.option("--as", "resolution", required=True, metavar="END",
              type=click.Choice(["refund_again", "paid_directly", "provider_corrected", "explained", "posted", "written_off"]),
              help="What was done; refund_again makes a second refund, posted enters what the case proposes.")  # fmt: skip
@click.option("--note", help="Why, and where it can be checked; only refund_again needs none.")
@URL
@operator.DATA
def close(case_id: str, resolution: str, note: str | None, url: str, data: Path) -> None:
    """Close a case, once and for good: who, when, what was done, why."""
    body = {"resolution": resolution, "note": note}
    found = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/cases/{case_id}/close", data, body))
    again = found["closing"]["refund_id"]
    render.line(f"{found['id']} is closed: {resolution}" + (f", tried again as {again}" if again else ""))


@payments.command(epilog="Example:  mela payments reviews")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def reviews(url: str, data: Path, for_script: bool) -> None:
    """Payments that wait for a person, the oldest first, and the fraud rules that stopped them. The first 100."""
    from mela.kernel.clock import india
    from mela.kernel.money import Paise, rupees

    found = asyncio.run(operator.call("GET", f"{url.rstrip('/')}{API}/reviews?limit=100", data))
    if for_script:
        render.as_json(found)
    elif not found["items"]:
        render.line("No payment waits.")
    else:
        rows = [
            (one["id"], rupees(Paise(one["amount_paise"])), one["method"], one["payer"],
             "; ".join(f"{why['code']} {why['about']}" for why in one["reasons"]),
             _clock(one["expires"], india)[:-4] if one["expires"] else "the courier comes")
            for one in found["items"]
        ]  # fmt: skip
        render.table("Payments that wait", ("payment", "amount", "by", "payer", "why", "until"), rows)


@payments.command(epilog='Example:  mela payments review pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B allow --note "called back"')
@click.argument("payment_id", metavar="ID")
@click.argument("verdict", type=click.Choice(["allow", "block"]))
@click.option("--note", required=True, help="Why.")
@URL
@operator.DATA
def review(payment_id: str, verdict: str, note: str, url: str, data: Path) -> None:
    """Let a payment that waits go to its provider, or refuse it. Once and for good."""
    body = {"verdict": verdict, "note": note}
    found = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/payments/{payment_id}/review", data, body))
    render.line(
        f"{found['id']} " + ("may go on." if verdict == "allow" else f"is {found['state']}: {found['reason']}.")
    )


def _case(found: dict[str, Any]) -> tuple[str, ...]:
    from mela.kernel.clock import india
    from mela.kernel.money import Paise, rupees

    amount, owed, ending = found["amount_paise"], found["owed_paise"], found["closing"]
    answer = found["detail"].get("respond_by")  # of a dispute: until when its bank waits for an answer
    by = found["put_right_by"] or (render.india(answer, "%Y-%m-%d") if answer else "–")
    by += f", {rupees(Paise(owed))} owed" if owed else ""
    return (
        found["id"], found["kind"], found["about"], "–" if amount is None else rupees(Paise(amount)),
        _clock(found["opened"], india)[:-4], found["owner"], by, f"{ending['resolution']} {ending['note']}".strip() if ending else "–",
    )  # fmt: skip


def _clock(moment: str, india: Any) -> str:
    return str(india(datetime.fromisoformat(moment)).strftime("%d %b %H:%M:%S.%f")[:-3])


@payments.command(
    epilog="Examples:  mela payments route   ·   mela payments route pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B   ·   mela payments route --replay"
)
@click.argument("payment_id", metavar="[ID]", required=False)
@click.option("--amount", "paise", type=Rupees(100), default="1000", show_default=True, help="In rupees.")
@click.option("--method", type=click.Choice(["upi", "card", "netbanking", "wallet"]), default="upi", show_default=True)
@click.option("--bank", help="Such as SBI.")
@click.option("--replay", is_flag=True, help="Play a day of failing providers under four policies; needs no platform.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another day of sales."
)
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def route(
    payment_id: str | None, *, paise: int, method: str, bank: str | None, replay: bool, seed: int, url: str, data: Path,
    for_script: bool,
) -> None:  # fmt: skip
    """Which provider a payment would go to now, and why; with its ID: why it went where it went."""
    if replay:
        _replay(seed, for_script=for_script)
        return
    base = f"{url.rstrip('/')}{API}"
    if payment_id:
        found = asyncio.run(operator.call("GET", f"{base}/payments/{payment_id}/route", data))
        weighed, title = found["weighed"], f"{payment_id} is at {found['provider'] or 'nobody: cash'}"
    else:
        where = f"{base}/providers?amount_paise={paise}&method={method}" + (f"&bank={bank}" if bank else "")
        found = asyncio.run(operator.call("GET", where, data))
        weighed, title = found["items"], "Providers now, best first"
    if for_script:
        render.as_json(found)
        return
    if not weighed:
        render.line(f"{title}; nothing was to be weighed.")
        return
    rows = [
        (c["provider"], f"{c['answers']:.1%}", f"{c['captures']:.1%}", f"{c['cost_bp']:.1f} bp", f"{c['wait_ms']:.0f} ms",
         f"{c['worth_bp']:.1f} bp", c["why"])
        for c in weighed
    ]  # fmt: skip
    render.table(title, ("provider", "answers", "captures", "cost", "waits", "worth", "why"), rows)


def _replay(seed: int, *, for_script: bool) -> None:
    from mela.kernel.clock import SystemClock, india_date
    from mela.services.payments.service.replays import replays

    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, policies in replays(seed, india_date(SystemClock().now())):
        for policy, tally in policies:
            render.note(f"{name}: {policy} played")
            found.setdefault(name, {})[policy] = {
                "sales": tally.sales, "success": round(tally.success, 5), "cost_bp": round(tally.cost_bp, 2),
                "p50_ms": round(tally.wait_ms(0.5)), "p99_ms": round(tally.wait_ms(0.99)),
            }  # fmt: skip
    if for_script:
        render.as_json(found)
        return
    for name, tallies in found.items():
        rows = [(p, f"{t['success']:.2%}", f"{t['cost_bp']:.2f} bp", f"{t['p50_ms']} ms", f"{t['p99_ms']} ms")
                for p, t in tallies.items()]  # fmt: skip
        render.table(name, ("policy", "success", "cost", "p50", "p99"), rows)


@payments.command(epilog="Example:  mela payments cash")
@URL
@operator.DATA
@click.option("--json", "for_script", is_flag=True, help="For a script.")
def cash(url: str, data: Path, for_script: bool) -> None:
    """Cash that couriers have collected and not handed in, the oldest first. The first 500."""
    from mela.kernel.clock import india
    from mela.kernel.money import Paise, rupees

    found = asyncio.run(operator.call("GET", f"{url.rstrip('/')}{API}/cash?limit=500", data))
    if for_script:
        render.as_json(found)
    elif not found["items"]:
        render.line("Couriers have no cash of ours.")
    else:
        rows = [
            (one["payment_id"], one["order_id"], rupees(Paise(one["amount_paise"])), _clock(one["collected"], india)[:-4],
             "overdue" if one["overdue"] else "")
            for one in found["items"]
        ]  # fmt: skip
        render.table("Cash with couriers", ("payment", "order", "amount", "collected", ""), rows)


@payments.command(
    epilog="Example:  mela payments remit bluebird 1299.00 SBIN126331000042 pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
)
@click.argument("courier")
@click.argument("paise", metavar="RUPEES", type=Rupees(0))
@click.argument("bank_reference", metavar="UTR")
@click.argument("payment_ids", metavar="ID…", nargs=-1, required=True)
@URL
@operator.DATA
def remit(
    courier: str, paise: int, bank_reference: str, payment_ids: tuple[str, ...], url: str, data: Path
) -> None:  # fmt: skip
    """A courier has taken the cash of some payments to the bank; what is short it owes, and is a case."""
    from mela.kernel.money import Paise, rupees

    body = {
        "courier": courier,
        "amount_paise": paise,
        "bank_reference": bank_reference,
        "payments": payment_ids,
    }
    found = asyncio.run(operator.call("POST", f"{url.rstrip('/')}{API}/cash/remittances", data, body))
    short = found["expected_paise"] - found["amount_paise"]
    render.line(
        f"{found['id']}: {rupees(Paise(found['amount_paise']))} at the bank"
        + (f", {rupees(Paise(short))} short: mela payments cases" if short else "")
    )
