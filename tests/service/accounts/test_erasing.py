"""Customers who want to be known no more."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from mela.kernel.auth import digest
from mela.services.accounts import app, rules, store
from tests.service.accounts.desk import OPERATOR_TOKEN, PHONE, Desk

OPERATOR = {"authorization": f"Bearer {OPERATOR_TOKEN}"}
RULES = {r.id: r for r in rules.retention(yaml.safe_load(Path(app._RETENTION).read_text("utf-8")))}


async def test_an_erased_customer_is_known_no_more_and_the_phone_is_somebody_new(desk: Desk) -> None:
    headers = await desk.signed_in()
    other = await desk.signed_in("+919876543299")
    me = (await desk.call("GET", "/me", headers)).json()["id"]
    answer = await desk.call("DELETE", "/me", headers)
    assert (answer.status_code, answer.json()["customer_id"]) == (200, me)
    assert (await desk.call("GET", "/me", headers)).status_code == 401
    assert await desk.app.db.read(store.find_token, digest(headers["authorization"].split()[1])) is None
    assert (await desk.call("GET", "/me", other)).status_code == 200
    desk.clock.advance(31)
    again = (await desk.call("GET", "/me", await desk.signed_in())).json()
    assert (again["id"] != me, again["name"], again["phone"]) == (True, "", PHONE)


async def test_what_stays_is_told_in_the_callers_language_with_its_last_day_and_law(desk: Desk) -> None:
    headers = await desk.signed_in()
    kept = {
        k["what"]: k for k in (await desk.call("DELETE", "/me", {**headers, "accept-language": "hi"})).json()["kept"]
    }
    assert set(kept) == {"invoices", "payments", "orders_under_way", "reads"}
    assert kept["invoices"]["until"] == "2033-12-31"  # financial year 2026-27, return due 2027-12-31, 72 months
    assert (kept["payments"]["until"], kept["orders_under_way"]["until"]) == ("2036-11-23", None)
    assert kept["invoices"]["text"].startswith("बिल")
    assert (kept["invoices"]["mark"], kept["reads"]["mark"]) == ("UNVERIFIED", "V")


async def test_the_person_on_duty_erases_once_and_others_are_told_in_order(desk: Desk) -> None:
    ids = []
    for number in (1, 2):
        headers = await desk.signed_in(f"+91987654321{number}")
        ids.append((await desk.call("GET", "/me", headers)).json()["id"])
    for customer in (*ids, ids[0]):
        assert (await desk.call("DELETE", f"/customers/{customer}", OPERATOR)).status_code == 200
    told = await desk.app.service.erased(after=0, most=10)
    assert [each.customer_id for each in told] == ids
    assert await desk.app.service.erased(after=told[0].number, most=10) == told[1:]
    assert await desk.app.service.erased(after=told[1].number, most=10) == []


async def test_nobody_but_the_person_on_duty_erases_others(desk: Desk) -> None:
    headers = await desk.signed_in()
    me = (await desk.call("GET", "/me", headers)).json()["id"]
    assert (await desk.call("DELETE", f"/customers/{me}", headers)).status_code == 403
    unknown = "cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
    assert (await desk.call("DELETE", f"/customers/{unknown}", OPERATOR)).status_code == 404


@pytest.mark.parametrize(
    ("today", "until"), [(date(2027, 3, 31), date(2033, 12, 31)), (date(2027, 4, 1), date(2034, 12, 31))]
)
def test_an_invoice_is_kept_72_months_after_the_annual_return_of_its_year(today: date, until: date) -> None:
    assert rules.kept_until(RULES["invoices"], today) == until


def test_a_month_without_that_day_ends_earlier() -> None:
    assert rules.kept_until(RULES["payments"], date(2028, 2, 29)) == date(2038, 2, 28)
    assert rules.kept_until(RULES["addresses"], date(2026, 11, 27)) == date(2026, 11, 27) + timedelta(days=180)
