"""The committed queries: people's spellings, five languages, mixed scripts, unfinished words."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kit import Running

QUERIES = Path(__file__).parent / "data" / "queries.yaml"
ENOUGH = 45


async def _top(app: Running, q: str, limit: int = 3) -> list[str]:
    answer = await app.client.get("/api/catalog/products", params={"q": q, "limit": limit})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def test_at_least_45_of_the_50_queries_find_an_expected_product_in_the_top_three(app: Running) -> None:
    queries: list[dict[str, Any]] = yaml.safe_load(QUERIES.read_text(encoding="utf-8"))
    assert len(queries) == 50
    found = {entry["query"]: await _top(app, entry["query"]) for entry in queries}
    misses = [entry for entry in queries if not set(found[entry["query"]]) & set(entry["expect"])]
    for entry in misses:
        print(f"missed {entry['query']!r} ({entry['kind']}): {found[entry['query']]}, not {entry['expect']}")  # noqa: T201
    assert len(queries) - len(misses) >= ENOUGH


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=100)
    | st.from_regex(r"[\"'()&|!:*<> \\^$]{1,20}[घaநెಕ5]{1,3}", fullmatch=True)
)
async def test_any_text_may_be_searched_for(app: Running, q: str) -> None:
    for path in ("/api/catalog/products", "/api/catalog/suggest"):
        answer = await app.client.get(path, params={"q": q})
        assert answer.status_code == 200, (q, answer.text)


async def test_a_search_answers_the_same_every_time(app: Running) -> None:
    queries = ["cotton", "phone red", "चावल", "mobil", "toy"]
    assert [await _top(app, q, 100) for q in queries] == [await _top(app, q, 100) for q in queries]
