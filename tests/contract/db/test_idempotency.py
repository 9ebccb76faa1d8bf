"""One key, one effect: among twins, with another body, after a restart."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from mela.kernel import idempotency
from mela.kernel.db import Database
from tests.contract.db import shelf

Open = Callable[..., Database]
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


def order(conn: Connection, key: str, request: object, result: str, owner: str = "asha") -> str:
    kept = idempotency.claim(conn, owner=owner, key=key, request=request, result=result, now=NOW)
    if kept == result:
        shelf.put(conn, result)
    return kept


@pytest.fixture
async def keyed(opened: Open) -> Database:
    db = opened(attempts=80, timeout_s=20)
    await db.run(idempotency.create_tables)
    return db


async def test_sixty_four_twins_have_one_effect_and_one_answer(keyed: Database) -> None:
    twins = [keyed.run(order, "key-0001", {"sku": "atta"}, f"order {n}") for n in range(64)]
    answers = await asyncio.gather(*twins)
    assert len(set(answers)) == 1
    assert await keyed.read(shelf.names) == [answers[0]]


async def test_the_same_key_with_another_request_is_refused_and_changes_nothing(keyed: Database) -> None:
    await keyed.run(order, "key-0001", {"sku": "atta", "n": 1}, "first")
    with pytest.raises(idempotency.KeyReused):
        await keyed.run(order, "key-0001", {"sku": "atta", "n": 2}, "second")
    assert await keyed.read(shelf.names) == ["first"]


async def test_the_order_of_a_requests_fields_makes_no_difference(keyed: Database) -> None:
    await keyed.run(order, "key-0001", {"sku": "atta", "n": 1}, "first")
    assert await keyed.run(order, "key-0001", {"n": 1, "sku": "atta"}, "second") == "first"


async def test_owners_do_not_share_keys(keyed: Database) -> None:
    assert await keyed.run(order, "key-0001", {}, "hers") == "hers"
    assert await keyed.run(order, "key-0001", {}, "his", owner="ravi") == "his"


async def test_a_key_whose_unit_failed_is_free_again(keyed: Database) -> None:
    def claim_then_fail(conn: Connection) -> None:
        order(conn, "key-0001", {}, "half")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        await keyed.run(claim_then_fail)
    assert await keyed.run(order, "key-0001", {}, "whole") == "whole"


async def test_a_key_is_known_after_a_restart_until_it_is_forgotten(keyed: Database, opened: Open) -> None:
    await keyed.run(order, "key-0001", {}, "first")
    await keyed.close()
    again = opened()

    def find(conn: Connection) -> str | None:
        return idempotency.find(conn, owner="asha", key="key-0001", request={})

    assert await again.read(find) == "first"
    assert await again.run(idempotency.forget, NOW) == 0
    assert await again.run(idempotency.forget, NOW + timedelta(seconds=1)) == 1
    assert await again.read(find) is None
