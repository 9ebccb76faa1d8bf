"""The receiver of the guide, as it stands there."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mela.kernel.clock import SystemClock
from mela.services.webhooks.rules import signing
from mela.services.webhooks.service.vault import new_secret

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "webhooks.md"
BODY = '{"data":{"order_id":"ord_1"},"type":"orders.sold"}'
OLD, NEW, STRANGERS = (new_secret() for _ in range(3))


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The application in the guide, which knows the old secret."""
    (text,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setenv("WEBHOOK_SECRET", OLD)
    made: dict[str, Any] = {}
    exec(compile(text, str(GUIDE), "exec"), made)  # noqa: S102 - the guide is ours
    return made["app"]


async def send(app: Any, *secrets: str, at: datetime | None = None, body: str = BODY, sent: str = BODY) -> int:
    """The status of a request signed with these secrets over `body`, which carries `sent`."""
    headers = signing.headers(secrets, "msg_1", at or SystemClock().now(), body)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://shop") as client:
        return (await client.post("/hooks", content=sent.encode(), headers=headers)).status_code


async def test_genuine_message_is_taken_and_counts_once(consumer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert [await send(consumer, OLD), await send(consumer, OLD)] == [204, 204]
    assert capsys.readouterr().out == "orders.sold {'order_id': 'ord_1'}\n"


async def test_receiver_with_the_old_secret_verifies_during_a_rotation_and_not_after(consumer: Any) -> None:
    assert await send(consumer, NEW, OLD) == 204
    assert await send(consumer, NEW) == 400


async def test_stranger_changed_body_and_old_time_are_refused(
    consumer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await send(consumer, STRANGERS) == 400
    assert await send(consumer, OLD, sent=BODY.replace("ord_1", "ord_2")) == 400
    assert await send(consumer, OLD, at=SystemClock().now() - timedelta(minutes=6)) == 400
    assert await send(consumer, OLD, at=SystemClock().now() + timedelta(minutes=6)) == 400
    assert capsys.readouterr().out == ""
