"""After the storm over payments: the providers' books, our ledger, our payments and what others were told agree to the rupee."""

from collections import Counter
from typing import Any

from mela.runtime import registry
from tests.proofs.audit import Query, Verdict

PLACES = {"gateway": "gateway:upi"} | {name: f"gateway:{name}" for name in registry.PROVIDERS}
OPEN = ("created", "pending", "authorized")


def check(query: Query, heard: dict[str, tuple[str, dict[str, Any]]]) -> Verdict:
    """Compare everything with everything. `heard`: events by id, with name and body."""
    verdict = Verdict()
    payments = {row["id"]: row for row in query("payments", "select * from payments")}
    transfers = query("payments", "select key, debit, credit, amount, kind, payment_id from transfers")
    refunds = {row["id"]: row for row in query("payments", "select id, payment_id, amount, state from refunds")}
    cases = Counter(row["kind"] for row in query("payments", "select kind from cases"))
    verdict.counts = dict(sorted(Counter(f"{row['method']} {row['state']}" for row in payments.values()).items()))
    verdict.counts |= {f"refunds {state}": n for state, n in Counter(r["state"] for r in refunds.values()).items()}
    verdict.counts |= {f"cases {kind}": n for kind, n in cases.items()}
    _each_rupee_once(query, transfers, verdict)
    _nothing_in_vain(query, payments, refunds, transfers, verdict)
    _nothing_waits(query, payments, verdict)
    _everybody_told(payments, refunds, heard, verdict)
    return verdict


def _each_rupee_once(query: Query, transfers: list[dict[str, Any]], verdict: Verdict) -> None:
    """A provider's books and our account there have the same movements, each once."""
    balance: Counter[str] = Counter()
    for row in transfers:
        balance[row["debit"]] += row["amount"]
        balance[row["credit"]] -= row["amount"]
    collected = 0
    for provider, place in PLACES.items():
        books = query(provider, "select kind, reference, amount from entries")
        theirs = Counter((row["kind"], row["reference"], row["amount"]) for row in books)
        ours = Counter(_movement(row) for row in transfers if place in (row["debit"], row["credit"]))
        verdict.expect(f"only in our ledger, {provider}", list((ours - theirs).elements()), [])
        verdict.expect(f"only in the books of {provider}", list((theirs - ours).elements()), [])
        held = sum(row["amount"] * (1 if row["kind"] == "collected" else -1) for row in books)
        verdict.expect(f"balance of {place}", balance[place], held)
        collected += sum(row["kind"] == "collected" for row in books)
    verdict.expect("sum of all balances", sum(balance.values()), 0)
    verdict.expect("refunds on their way", balance["refunds:pending"], 0)
    verdict.counts["movements collected"] = collected


def _movement(row: dict[str, Any]) -> tuple[str, str, int]:
    """One of our transfers as a provider would write it."""
    kind = {"capture": "collected", "late_capture": "collected", "refund_processed": "refunded"}.get(row["kind"], "?")
    return kind, row["key"].split(":", 1)[1], row["amount"]


def _nothing_in_vain(
    query: Query, payments: dict[str, dict[str, Any]], refunds: dict[str, dict[str, Any]],
    transfers: list[dict[str, Any]], verdict: Verdict,
) -> None:  # fmt: skip
    """What was taken belongs to a captured payment, went back, or is a refused refund that a person looks at."""
    taken: Counter[str] = Counter()
    for row in transfers:
        if row["kind"] in ("capture", "late_capture"):
            taken[row["payment_id"]] += row["amount"]
    back, refused = Counter[str](), Counter[str]()
    for refund in refunds.values():
        (refused if refund["state"] == "failed" else back)[refund["payment_id"]] += refund["amount"]
    cases = {row["about"] for row in query("payments", "select about from cases where kind = 'refund_refused'")}
    for refund_id, refund in refunds.items():
        if refund["state"] == "failed":
            verdict.expect(f"{refund_id} was refused and has a case", refund_id in cases, True)
    for payment_id, payment in payments.items():
        name = f"{payment_id} ({payment['provider']} {payment['method']} {payment['state']})"
        verdict.expect(f"{name}: refunded against refunds", payment["refunded"], back[payment_id])
        if payment["state"] == "captured":
            verdict.expect(f"{name}: captured", taken[payment_id], payment["captured"])
        elif payment["state"] != "authorized":
            verdict.expect(f"{name}: taken and not back", taken[payment_id] - back[payment_id] - refused[payment_id], 0)


def _nothing_waits(query: Query, payments: dict[str, dict[str, Any]], verdict: Verdict) -> None:
    """No payment, capture, refund or event is under way for ever."""
    stuck = [f"{p['id']} {p['provider']} {p['method']} {p['state']}" for p in payments.values() if p["state"] in OPEN]
    verdict.expect("payments past their clock", stuck, [])
    for table in ("captures", "refunds"):
        verdict.expect(f"{table} pending", query("payments", f"select id from {table} where state = 'pending'"), [])  # noqa: S608
    verdict.expect("outbox", query("payments", "select id from outbox"), [])


def _everybody_told(
    payments: dict[str, dict[str, Any]], refunds: dict[str, dict[str, Any]], heard: dict[str, tuple[str, dict[str, Any]]],
    verdict: Verdict,
) -> None:  # fmt: skip
    """Each end of a payment was told in one event, each capture in one of its amount, each refund in one."""
    events = [(name, body) for name, body in heard.values()]
    told: Counter[str] = Counter()
    for name, body in events:
        if name == "payments.captured":
            told[body["payment_id"]] += body["amount"]
    wanted = {key: p["captured"] for key, p in payments.items() if p["state"] == "captured"}
    verdict.expect("captures told", dict(told), wanted)
    ended = Counter(body["payment_id"] for name, body in events if name == "payments.failed")
    over = dict.fromkeys((key for key, p in payments.items() if p["state"] in ("failed", "expired", "cancelled")), 1)
    verdict.expect("ends told", dict(ended), over)
    returned = Counter(body["refund_id"] for name, body in events if name == "payments.refunded")
    processed = dict.fromkeys((key for key, r in refunds.items() if r["state"] == "processed"), 1)
    verdict.expect("refunds told", dict(returned), processed)
