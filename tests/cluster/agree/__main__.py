"""`python -m tests.cluster.agree [FILE…]`: how many cases of each file agree with upstream; exit 1 unless all do.

Without files, the stored ones. Per file: cases that agree, cases per second, and the first that differ.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import perf_counter
from traceback import format_exception_only

from tests.cluster import agree

SHOWN_CASES = 5
SHOWN_LINES = 6


def main(arguments: list[str]) -> int:
    named = [Path(argument) for argument in arguments] or agree.files()
    try:
        results = [report(file) for file in named]
    except (OSError, ValueError) as error:
        print(error)
        return 1
    return 0 if results and all(results) else 1


def report(file: Path) -> bool:
    """Prints the result of one file; true if it has cases and all agree."""
    compare = agree.differences_of(agree.area_of(file))
    total, shown = 0, list[tuple[str, list[str]]]()
    disagreeing = 0
    began = perf_counter()
    for case in agree.cases(file):
        total += 1
        if found := _differences(compare, case):
            disagreeing += 1
            if len(shown) < SHOWN_CASES:
                shown.append((str(case.get("id", f"case {total}")), found))
    seconds = perf_counter() - began
    print(f"{file.name}: {total - disagreeing} of {total} agree, {total / seconds:,.0f} cases/s")
    for name, found in shown:
        print("\n".join([f"  {name}", *(f"    {line}" for line in found[:SHOWN_LINES])]))
    return total > 0 and not disagreeing


def _differences(compare: agree.Differences, case: agree.Case) -> list[str]:
    """A case that makes our code fail is one that disagrees; the run goes on to count the others."""
    try:
        return compare(case)
    except Exception as error:  # noqa: BLE001
        return format_exception_only(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
