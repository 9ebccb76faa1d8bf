"""Each line of the threat model names a test that exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_threat_is_answered_by_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "concepts" / "payment-threats.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| Threat")]
    known = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", file.read_text("utf-8"))
    }
    assert len(lines) > 20
    for line in lines:
        named = re.findall(r"`(test_\w+)`", line)
        assert named, line
        assert set(named) <= known, line
