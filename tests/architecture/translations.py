"""Checks every file of texts under src/mela; `make check` runs it as `python -m tests.architecture.translations`."""

import sys
from pathlib import Path

from mela.kernel import i18n

SOURCE = Path(__file__).parents[2] / "src" / "mela"
PATTERN = "**/data/messages*.yaml"


def problems(source: Path) -> list[str]:
    """What is wrong with the texts below `source`: a language missing, placeholders that differ, English left over."""
    return i18n.check(i18n.Messages.load(*sorted(source.glob(PATTERN))))


def main() -> int:
    found = problems(SOURCE)
    for problem in found:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"Texts: {len(found)} problems.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
