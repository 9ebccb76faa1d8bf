"""Writes `docs/guides/agreement.md`: `python -m tests.cluster.broken.page`. A test holds the page against what this would write."""

from collections.abc import Iterator

from tests.cluster import broken
from tests.cluster.broken import Variant

PAGE = broken.ROOT / "docs" / "guides" / "agreement.md"
_LONGEST = 240


def text() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    answers, rows = broken.recorded(), list(broken.variants())
    changed = [each for each in rows if each.change]
    refused = sum(bool(answers[each.name]) for each in changed)
    yield f"""<!-- Written by `python -m tests.cluster.broken.page`: change it there, or in tests/cluster/broken. -->

# Agreement with the API server

`mela verify` gives the verdict that the API server gives, before there is a cluster, and says it so that one can act on it.

Held by {len(rows)} texts made of our own objects in `kubernetes/`: {len(rows) - len(changed)} sound ones, and {len(changed)} broken on purpose
([variants.yaml](../../tests/cluster/broken/variants.yaml)). Each was shown to an API server {broken.server()} by
`kubectl apply --dry-run=server --validate=strict`; it refused {refused} and accepted {len(changed) - refused} of the broken ones, which are odd and allowed.

हिन्दी: जो API server मना करता, `mela verify` उसे पहले ही बता देता है, और यह भी कि क्या लिखना था।

- `make test` compares with the recorded answers, without a cluster.
- `make prove EXAMPLE=01` asks the cluster of `KUBECONFIG` again, and fails when one answer changed.
- `python -m tests.cluster.broken` records the answers of another version.

Compared are the rules that look at one object (families *reading* and *schema*). The other rules of `mela verify` know what happens later,
of which an API server that looks at one object says nothing.

## Where they differ
"""
    yield from _table(
        ("broken", "API server", "`mela verify`", "why"),
        ((_what(v), _api(answers[v.name]), _ours(v), v.why) for v in changed if v.why),
    )
    yield "\n## What each says\n"
    yield from _table(
        ("broken", "API server", "`mela verify`"),
        ((_what(v), _api(answers[v.name]), _ours(v)) for v in changed if not v.why),
    )


def _what(variant: Variant) -> str:
    return f"{variant.object}: `{variant.change}`"


def _api(answer: str) -> str:
    return answer if len(answer) <= _LONGEST else f"{answer[:_LONGEST]} …"


def _ours(variant: Variant) -> str:
    return " ".join(found.says for found in broken.refusals(variant.text)[:2]) or "accepted"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '∣').replace('<', '&lt;') or 'accepted' for cell in row)} |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
