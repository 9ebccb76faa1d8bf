"""Every stored decision of upstream's own code is ours too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster import agree


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", agree.files(), ids=lambda file: file.name.removesuffix(".jsonl.gz"))
def test_all_cases_agree_with_upstream(file: Path) -> None:
    compare = agree.differences_of(agree.area_of(file))
    compared = [(case["id"], compare(case)) for case in agree.cases(file)]
    assert compared
    assert [(name, found) for name, found in compared if found] == []
