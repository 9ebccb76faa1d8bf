"""Addresses at rest, and who looked at them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, MetaData, Table, Text, create_engine, text
from sqlalchemy.exc import DBAPIError

from mela.kernel.auth import Principal
from mela.kernel.clock import SystemClock
from mela.kernel.db.migrate import driver_url
from mela.kernel.errors import Retryable
from mela.kernel.sealed import reads
from mela.services.orders import store
from mela.services.orders.store import rows
from mela.services.orders.tables import orders
from tests import kit
from tests.service.orders.conftest import ADDRESS, Shop, running

PACKAGE = "mela.services.orders.migrations"


async def looks(shop: Shop, **wanted: Any) -> list[reads.Read]:
    return await shop.app.db.read(reads.page, None, 1_000, **wanted)


async def everything(shop: Shop) -> str:
    """All that lies in the tables of orders."""
    tables = (
        *(table.name for table in store.PERSONAL),
        "idempotency_keys",
        "outbox",
        "inbox",
        "cart_items",
        "order_returns",
    )
    return "".join([await shop.app.db.read(_content, name) for name in tables])


def _content(conn: Connection, table: str) -> str:
    return str(conn.execute(text(f"select * from {table}")).all())  # noqa: S608 - our own names


async def test_no_name_phone_or_address_lies_in_plain_while_orders_and_papers_show_them(shop: Shop) -> None:
    order = await shop.bought()
    await shop.call("POST", f"/orders/{order['id']}/cancel", {"reason": "ordered by mistake"})
    papers = await shop.call("GET", f"/orders/{order['id']}/invoices")
    notes = await shop.call("GET", f"/orders/{order['id']}/credit-notes")
    assert order["address"]["name"] == "Meena R"
    assert "Meena R" in str(papers)
    assert "Meena R" in str(notes)
    kept = await everything(shop)
    assert "ord_" in kept
    for secret in ("Meena R", "9876543210", "North Masi"):
        assert secret not in kept


async def test_a_look_of_the_person_on_duty_is_kept_with_whose_and_why(shop: Shop) -> None:
    order = await shop.bought()
    before = shop.clock.now()
    await shop.call("POST", f"/orders/{order['id']}/ship", by=shop.duty)
    [look] = [look for look in await looks(shop) if look.what == "orders.address"]
    assert (look.by_kind, look.row, look.at) == ("operator", order["id"], before)
    assert look.route == "POST /api/orders/orders/{order_id}/ship"
    assert look.request.startswith("req_")
    assert look in await looks(shop, row=order["id"])
    assert await looks(shop, row="ord_another") == []
    assert await looks(shop, by="nobody") == []


async def test_a_customers_look_at_what_is_theirs_and_what_code_does_by_itself_is_not_kept(shop: Shop) -> None:
    order = await shop.bought()
    await shop.call("GET", f"/orders/{order['id']}")
    await shop.call("GET", "/orders")
    await shop.app.run_job("drive")
    assert await looks(shop) == []


async def test_nothing_is_shown_when_it_cannot_be_kept_who_saw_it(shop: Shop) -> None:
    order = await shop.bought()
    app = shop.app.client._transport.app  # type: ignore[attr-defined]

    async def full(*_arguments: object) -> None:
        raise Retryable("kernel.unavailable", seconds=1)

    app.state.keep_reads = full
    answer = await shop.call("POST", f"/orders/{order['id']}/ship", by=shop.duty)
    assert (shop.status, answer["code"]) == (503, "kernel.unavailable")
    assert "Meena" not in str(answer)


@pytest.mark.parametrize("change", ["update personal_reads set by_id = 'nobody'", "delete from personal_reads"])
async def test_the_database_refuses_to_change_or_drop_a_look(shop: Shop, change: str) -> None:
    look = reads.Read("read_1", SystemClock().now(), "operator", "op", "GET /", "req_1", "orders.address", "ord_1")
    await shop.app.db.run(reads.keep, [look])
    engine = create_engine(driver_url(shop.app.url))
    with pytest.raises(DBAPIError, match=r"only added|for a year"), engine.begin() as conn:
        conn.execute(text(change))
    engine.dispose()
    assert len(await looks(shop)) == 1


async def test_a_look_is_dropped_after_a_year_and_not_before(shop: Shop) -> None:
    now = SystemClock().now()
    ages = {"read_1": 366, "read_2": 364}
    rows_ = [reads.Read(name, now - timedelta(days=days), "operator", "op", "GET /", "req_1", "orders.address", "ord_1")
             for name, days in ages.items()]  # fmt: skip
    await shop.app.db.run(reads.keep, rows_)
    assert await shop.app.db.run(reads.forget, now - timedelta(days=365)) == 1
    assert [look.id for look in await looks(shop)] == ["read_2"]


def test_a_caller_who_proved_nothing_has_nothing_to_keep() -> None:
    reading = reads.Reading()
    reading.seen["orders", "orders.address", "ord_1"] = None
    assert reading.take() == []
    reading.by = Principal("operator", "op")
    assert reading.take() == []  # taken already


async def test_an_erased_customers_orders_let_go_of_them_and_their_papers_stay(shop: Shop) -> None:
    order = await shop.bought()
    await shop.put("RICE-5KG", 1)
    for step in ("ship", "deliver"):
        await shop.call("POST", f"/orders/{order['id']}/{step}", by=shop.duty)
    shop.gone.add("cus_meena")
    await shop.app.run_job("erase")
    after = await shop.app.db.read(store.get, order["id"])
    assert (after.address.name, after.address.line1, after.address.phone, after.device) == ("", "", "", None)
    assert (after.address.state_code, after.address.pin, after.total) == ("33", "625001", order["total_paise"])
    assert (await shop.app.db.read(store.invoices_of, order["id"]))[0].buyer.name == "Meena R"
    assert await shop.app.db.read(store.cart, "cus_meena") == []
    version = after.version
    await shop.app.run_job("erase")
    assert (await shop.app.db.read(store.get, order["id"])).version == version


async def test_an_order_under_way_keeps_its_address_until_it_is_over(shop: Shop) -> None:
    order = await shop.bought()
    shop.gone.add("cus_meena")
    await shop.app.run_job("erase")
    assert (await shop.app.db.read(store.get, order["id"])).address.name == "Meena R"
    for step in ("ship", "deliver"):
        await shop.call("POST", f"/orders/{order['id']}/{step}", by=shop.duty)
    await shop.app.run_job("erase")
    assert (await shop.app.db.read(store.get, order["id"])).address.name == ""


async def test_an_address_goes_when_its_order_is_long_over_and_not_before(shop: Shop) -> None:
    order = await shop.bought()
    for step in ("ship", "deliver"):
        await shop.call("POST", f"/orders/{order['id']}/{step}", by=shop.duty)
    shop.clock.advance(180 * 86_400 - 1)
    await shop.app.run_job("erase")
    assert (await shop.app.db.read(store.get, order["id"])).address.name == "Meena R"
    shop.clock.advance(2)
    await shop.app.run_job("erase")
    assert (await shop.app.db.read(store.get, order["id"])).address.name == ""


@pytest.mark.parametrize("engine", kit.ENGINES)
async def test_orders_of_the_version_before_are_read_and_become_sealed(tmp_path: Path, engine: str) -> None:
    async with running(tmp_path / "new", engine) as shop:
        order = await shop.bought()
        new = await shop.app.db.read(store.get, order["id"])
    url = kit.database_url(engine, tmp_path, "orders")
    kit.at_revision(url, PACKAGE, "0005_instrument")
    old = create_engine(driver_url(url))
    with old.begin() as conn:
        row = {name: value for name, value in rows.to_row(new).items() if name != "erased"}
        texts = {name: orjson.dumps(row[name]).decode() for name in ("address", "instrument")}
        conn.execute(_as_before(), row | texts)
    async with running(tmp_path, engine, url=url) as shop:
        assert (await shop.app.db.read(store.get, order["id"])).address.name == "Meena R"
        assert (await shop.call("GET", f"/orders/{order['id']}"))["address"] == {**ADDRESS, "line2": ""}
        await shop.app.seal()
        assert "Meena R" not in await everything(shop)
        assert (await shop.call("GET", f"/orders/{order['id']}"))["address"]["name"] == "Meena R"
    old.dispose()


def _as_before() -> Any:
    """An INSERT into orders as it was done without sealed columns."""
    plain = Table(orders.name, MetaData(), *(c._copy() for c in orders.columns if c.name != "erased"))
    for name in ("address", "instrument", "device"):
        plain.c[name].type = Text()
    return plain.insert()
