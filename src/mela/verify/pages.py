"""A page per rule, made from its registration: `python -m mela.verify.pages docs/rules`."""

import sys
from collections.abc import Mapping
from pathlib import Path

from mela.cluster import checks
from mela.cluster.checks import Rule
from mela.verify import examples

MARK = "<!-- Written by `make docs` from the rule itself: change it there. -->\n"


def pages() -> Mapping[str, str]:
    """File names with their text: the index and a page per rule."""
    rules = checks.every()
    return {"README.md": _index(rules), **{f"{rule.id}.md": page(rule) for rule in rules}}


def page(rule: Rule) -> str:
    """The page of one rule, with what it says about its own wrong example."""
    return "\n".join(
        (
            MARK,
            f"# {rule.id}\n",
            f"{rule.about}\n",
            _facts(rule),
            "## Wrong\n",
            _yaml(rule.bad),
            *_said(rule),
            "## Right\n",
            _yaml(rule.good),
        )
    )


def write(folder: Path) -> None:
    """Write all pages, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    written = pages()
    for path in folder.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


def _facts(rule: Rule) -> str:
    """Severity and family. What is wrong with a text has no object that could carry an annotation."""
    accept = "" if rule.family == "reading" else f' · accept it with a reason: `mela.dev/ignore: "{rule.id}: why"`'
    return f"Severity: **{rule.severity}** · family: {rule.family}{accept}\n"


def _said(rule: Rule) -> list[str]:
    """The first finding in the wrong example, quoted. Names of files that were made for it are left out."""
    if "# file: Chart.yaml" in rule.bad:
        return []  # what helm says depends on the machine
    finding = next(rule(examples.system(rule.bad)))
    told = [finding.says, f"*Then:* {finding.happens}", *([f"*Mend:* {finding.mend}"] if finding.mend else [])]
    return ["\n>\n".join(f"> {line}" for line in told) + "\n"]


def _yaml(text: str) -> str:
    return "```yaml\n" + text.strip("\n") + "\n```\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _index(rules: tuple[Rule, ...]) -> str:
    lines = [MARK, "# Rules of `mela verify`\n", f"{len(rules)} rules. `mela verify --explain RULE` shows the same.\n"]
    for family in sorted({rule.family for rule in rules}):
        lines += [f"## {family}\n", "| rule | severity | about |", "|---|---|---|"]
        lines += [f"| [{r.id}]({r.id}.md) | {r.severity} | {_cell(r.about)} |" for r in rules if r.family == family]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
