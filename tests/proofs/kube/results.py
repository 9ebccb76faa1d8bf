"""What an experiment found, printed as it is found and kept in `.mela/proofs`."""

import csv
from collections.abc import Sequence

from tests.proofs.kube.kubectl import ROOT
from tests.proofs.kube.load import Account

FOLDER = ROOT / ".mela" / "proofs"
_BARS, _WIDTH = " ▁▂▃▄▅▆▇█", 100


def report(name: str, account: Account, *marks: tuple[float, str]) -> None:
    """Tell the totals, what happened when, and the curves of failures and of the slowest answer; keep that, and the curve of each second as CSV."""
    curve = account.curve()
    told = [
        (
            f"{name}: {len(account.shots)} requests in {len(curve)} s, {len(account.failed)} failed ({account.share():.3%});"
            f" p50 {account.percentile_ms(0.5):.0f} ms, p99 {account.percentile_ms(0.99):.0f} ms"
        ),
        *(f"  {at_s:6.1f} s  {what}" for at_s, what in marks),
        f"  failed   |{_line([failed / max(1, due) for _, due, failed, _ in curve])}| up to all",
        f"  slowest  |{_line([slowest_ms for *_, slowest_ms in curve])}| up to {max(s for *_, s in curve):.0f} ms",
        *(f"  {reason}" for reason in reasons(account)),
    ]
    print("", *told, sep="\n", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    with (FOLDER / f"{name}.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("second", "requests", "failed", "slowest_ms"), *curve])


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


def _line(values: Sequence[float]) -> str:
    """A curve of at most a hundred characters, each the highest of its seconds; shares (none above 1) against 1, others against their highest."""
    width = -(-len(values) // _WIDTH)
    highest = [max(values[start : start + width]) for start in range(0, len(values), width)]
    top = max(1, *highest)
    return "".join(_BARS[-int(-8 * value // top)] for value in highest)
