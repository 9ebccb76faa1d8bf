"""What an experiment found, printed as it is found and kept in `.mela/proofs`."""

import csv

from tests.proofs.kube.kubectl import ROOT
from tests.proofs.kube.load import Account

FOLDER = ROOT / ".mela" / "proofs"
_BARS = " ▁▂▃▄▅▆▇█"


def report(name: str, account: Account, *marks: tuple[float, str]) -> None:
    """Print the totals and the curve of failures per second, with what happened when; keep the curve as CSV."""
    curve = account.curve()
    print(
        f"\n{name}: {len(account.shots)} requests in {len(curve)} s, {len(account.failed)} failed ({account.share():.3%});"
        f" p50 {account.percentile_ms(0.5):.0f} ms, p99 {account.percentile_ms(0.99):.0f} ms"
    )
    for at_s, what in marks:
        print(f"  {at_s:6.1f} s  {what}")
    if account.failed:
        print(f"  failed each second  |{''.join(_bar(failed, due) for _, due, failed in curve)}|")
    for reason in reasons(account):
        print(f"  {reason}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.csv").open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerows([("second", "requests", "failed"), *curve])


def reasons(account: Account) -> list[str]:
    """Why requests failed, most frequent first, each with its number and the seconds from the first to the last."""
    found: dict[str, list[float]] = {}
    for shot in account.failed:
        found.setdefault(f"{shot.problem} on {'own' if shot.fresh else 'kept'} connection", []).append(shot.due_s)
    most = sorted(found.items(), key=lambda each: -len(each[1]))
    return [f"{len(due):5} {reason}, {min(due):.1f} to {max(due):.1f} s" for reason, due in most]


def keep(name: str, text: str) -> None:
    """A file of a proof, such as a picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"kept: {(FOLDER / name).relative_to(ROOT)}")


def _bar(failed: int, due: int) -> str:
    return _BARS[0 if not failed else max(1, round(8 * failed / max(1, due)))]
