"""Completion indexes in their short form: `0,2-4,7` stands for 0, 2, 3, 4 and 7.

Source: kubernetes v1.36.3, pkg/controller/job/indexed_job_utils.go (parseIndexesFromString, orderedIntervals.String),
read 2026-11-23.
"""

import re
from collections.abc import Iterable

INTERVAL = re.compile(r"([0-9]+)(?:-([0-9]+))?", re.ASCII)


def parse(text: str, completions: int) -> frozenset[int]:
    """Read indexes below `completions`; parts that are no numbers are passed over, and what follows a too large one."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        interval = INTERVAL.fullmatch(part)
        if interval is None:
            continue
        first = int(interval[1])
        if first >= completions:
            break
        found.update(range(first, min(int(interval[2] or first), completions - 1) + 1))
    return frozenset(found)


def spell(indexes: Iterable[int]) -> str:
    """Write indexes in their short form; two neighbours keep their comma.

    >>> spell({7, 0, 2, 3, 4, 8})
    '0,2-4,7,8'
    """
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(map(_spell_run, runs))


def _spell_run(run: list[int]) -> str:
    if len(run) > 2:
        return f"{run[0]}-{run[-1]}"
    return ",".join(map(str, run))
