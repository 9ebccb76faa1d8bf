"""The pages of `docs/rules` are what the rules say."""

from pathlib import Path

from mela.verify import pages

FOLDER = Path(__file__).parents[2] / "docs" / "rules"


def test_the_pages_in_the_repository_are_those_that_make_docs_writes() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert found == dict(pages.pages()), "run `make docs`"
