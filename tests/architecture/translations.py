"""Checks every file of texts under src/mela and web/; `make check` runs it as `python -m tests.architecture.translations`."""

import json
import sys
from pathlib import Path

from mela.kernel import i18n

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "mela"
PATTERN = "**/data/messages*.yaml"
WEB = ROOT / "web" / "src" / "i18n" / "texts"


def load(source: Path) -> i18n.Messages:
    """All texts below `source`, each key once."""
    return i18n.Messages.load(*sorted(source.glob(PATTERN)))


def load_web(folder: Path) -> i18n.Messages:
    """The texts of the browser: one file per language there, one message with its languages here."""
    files = {lang: json.loads((folder / f"{lang}.json").read_text(encoding="utf-8")) for lang in i18n.LANGUAGES}
    keys = {key for texts in files.values() for key in texts}
    return i18n.Messages({
        key: i18n.Message({
            lang: {"other": texts[key]} if isinstance(texts[key], str) else texts[key]
            for lang, texts in files.items() if key in texts
        })
        for key in sorted(keys)
    })  # fmt: skip


def main() -> int:
    texts = [load(SOURCE), load_web(WEB), load_web(WEB / "pay")]
    problems = [problem for each in texts for problem in i18n.check(each)]
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"Texts: {sum(len(list(each)) for each in texts)} checked, {len(problems)} problems.\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
