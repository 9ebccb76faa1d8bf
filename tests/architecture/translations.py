"""Checks every file of texts under src/mela; `make check` runs it as `python -m tests.architecture.translations`."""

import sys
from pathlib import Path

from mela.kernel import i18n

SOURCE = Path(__file__).parents[2] / "src" / "mela"
PATTERN = "**/data/messages*.yaml"


def load(source: Path) -> i18n.Messages:
    """All texts below `source`, each key once."""
    return i18n.Messages.load(*sorted(source.glob(PATTERN)))


def main() -> int:
    texts = load(SOURCE)
    problems = i18n.check(texts)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"Texts: {len(list(texts))} checked, {len(problems)} problems.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
