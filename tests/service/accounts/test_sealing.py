"""Accounts of a version that kept phones and names in plain columns."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from mela.kernel.db.migrate import driver_url
from tests import kit
from tests.service.accounts import desk as desks
from tests.service.accounts.desk import PHONE

PACKAGE = "mela.services.accounts.migrations"


@pytest.mark.parametrize("engine", kit.ENGINES)
async def test_customers_of_the_version_before_are_found_by_phone_and_become_sealed(
    tmp_path: Path, engine: str
) -> None:
    url = kit.database_url(engine, tmp_path, "accounts")
    kit.at_revision(url, PACKAGE, "0001_initial")
    old = create_engine(driver_url(url))
    with old.begin() as conn:
        row = {
            "id": "cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B",
            "phone": PHONE,
            "name": "Meena Sharma",
            "language": "hi",
            "created": 0,
        }
        conn.execute(text("insert into customers values (:id, :phone, :name, :language, :created)"), row)
    async with desks.running(tmp_path, engine, url=url) as desk:
        headers = await desk.signed_in()
        me = (await desk.call("GET", "/me", headers)).json()
        assert (me["id"], me["name"], me["phone"]) == (row["id"], "Meena Sharma", PHONE)
        assert (await desk.call("PATCH", "/me", headers, json={"name": "Meena"})).json()["name"] == "Meena"
    with old.connect() as conn:
        kept = conn.execute(text("select * from customers")).one()
    old.dispose()
    assert kept.phone.startswith("sealed:1:")  # with its keyed hash, at the start
    assert kept.name.startswith("sealed:1:")
    assert len(kept.phone_index) == 64
