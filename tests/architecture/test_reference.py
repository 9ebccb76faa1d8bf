"""The reference pages say what the code says."""

import pytest

from docs import build

PAGES = build.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_make_docs_would_write(name: str) -> None:
    assert (build.FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs` and commit the pages"


def test_no_page_is_left_of_what_is_gone() -> None:
    assert {path.name for path in build.FOLDER.glob("*.md")} == PAGES.keys()
