"""A case on the terminal says by when somebody has to act."""

from typing import Any

import pytest

from mela.cli.payments import _case


@pytest.mark.parametrize(
    ("put_right_by", "detail", "shown"),
    [
        (None, {"respond_by": "2026-12-04T20:19:48+00:00"}, "2026-12-05"),
        ("2026-12-01", {}, "2026-12-01"),
        (None, {"respond_by": None}, "–"),
        (None, {}, "–"),
    ],
)
def test_a_case_shows_its_last_day_in_india(put_right_by: str | None, detail: dict[str, Any], shown: str) -> None:
    case = {
        "id": "case_1", "kind": "chargeback", "about": "gateway:gd1", "owner": "payments-duty", "opened": "2026-11-27T10:19:48Z",
        "amount_paise": 23_900, "owed_paise": 0, "put_right_by": put_right_by, "detail": detail, "closing": None,
    }  # fmt: skip
    assert _case(case)[6] == shown
