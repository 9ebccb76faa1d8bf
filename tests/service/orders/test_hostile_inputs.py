"""Whatever is sent: never a crash, always a problem with the right code, in the caller's language."""

import json
from typing import Any

import httpx2
import pytest

from mela.kernel.web import bodies
from tests.service.orders.conftest import ADDRESS, Shop

BAD_WORDS = {
    "nothing": "", "spaces": "   ", "NUL": "a\0b", "escape": "\x1b[31mred", "newline": "a\nb", "C1": "a\x85b",
    "right to left": "Meena \u202egnp.exe", "isolate": "\u2066a\u2069", "zero width": "\u200b", "joiner alone": "\u200d",
    "byte order mark": "\ufeffMeena", "too long": "x" * 121, "100 kB": "x" * 100_000, "number": 7, "null": None,
}  # fmt: skip
GOOD_WORDS = [
    "  மீனா ர  ",
    "क्‍ष रा‌म",
    "👩‍👩‍👧 Meena",
    "O'Neil; DROP TABLE orders--",
    "<script>alert(1)</script>",
    "é" * 120,
    "Ｍeena",
]
BAD_PINS = ["62500", "6250010", "025001", "625 01", "६२५००१", "６２５００１", "625001\n", " 625001", 625001, None, ""]
BAD_PHONES = [
    "9876543210",
    "+91987654321",
    "+9198765432100",
    "+915876543210",
    "+91९८७६५४३२१०",
    "+919876543210\n",
    919876543210,
]
BAD_NUMBERS = [
    "-1",
    "101",
    "9223372036854775808",
    "1e400",
    "1e3",
    "1.5",
    "2.0",
    '"2"',
    '"1e3"',
    '"٣"',
    "true",
    "null",
    "[1]",
    "{}",
]
BAD_BODIES = {
    "a key twice": (b'{"quantity": 1, "quantity": 2}', "kernel.invalid"),
    "NaN": (b'{"quantity": NaN}', "kernel.invalid"),
    "Infinity": (b'{"quantity": -Infinity}', "kernel.invalid"),
    "five thousand digits": (b'{"quantity": ' + b"9" * 5000 + b"}", "kernel.invalid"),
    "half a surrogate pair": (b'{"quantity": 1, "\\ud800": 1}', "kernel.invalid"),
    "not UTF-8": (b'{"quantity": "\xff\xfe"}', "kernel.not_utf8"),
    "UTF-16": ('{"quantity": 1}'.encode("utf-16"), "kernel.not_utf8"),
    "byte order mark": (b'\xef\xbb\xbf{"quantity": 1}', "kernel.invalid"),
    "too deep": (b"[" * 100_000, "kernel.too_deep"),
    "too deep, closed": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "kernel.too_deep"),
    "two values": (b'{"quantity": 1} {"quantity": 2}', "kernel.invalid"),
    "half a value": (b'{"quantity": ', "kernel.invalid"),
    "nothing": (b"", "kernel.invalid"),
    "null": (b"null", "kernel.invalid"),
    "a list": (b"[]", "kernel.invalid"),
    "an unknown field": (b'{"quantity": 1, "price_paise": 1}', "kernel.invalid"),
    "too large": (b'{"quantity": 1' + b" " * 300_000 + b"}", "kernel.body_too_large"),
}  # fmt: skip
STATUS = {"kernel.body_too_large": 413}


def says(answer: httpx2.Response, code: str, status: int = 422) -> dict[str, Any]:
    """The problem, once it is sure to be this one, in Tamil."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["content-language"] == "ta"
    assert "\u0b80" <= problem["title"][-2] <= "\u0bff"
    return problem


async def send(shop: Shop, method: str, path: str, **request: Any) -> httpx2.Response:
    headers = {**shop.meena, "accept-language": "ta", "idempotency-key": "hostile-0001", **request.pop("headers", {})}
    return await shop.app.client.request(method, f"/api/orders{path}", headers=headers, **request)


async def check_out(shop: Shop, **change: object) -> httpx2.Response:
    return await send(shop, "POST", "/orders", json={"address": {**ADDRESS, **change}, "method": "upi"})


@pytest.mark.parametrize("field", ["name", "line1", "city"])
async def test_words_that_hide_or_break_something_are_refused(shop: Shop, field: str) -> None:
    for words in BAD_WORDS.values():
        problem = says(await check_out(shop, **{field: words}), "kernel.invalid")
        assert [each["field"] for each in problem["fields"]] == [f"body.address.{field}"], words


async def test_words_of_all_scripts_come_back_as_they_were_written(shop: Shop) -> None:
    for number, words in enumerate(GOOD_WORDS):
        await shop.put(quantity=1)
        body = {"address": {**ADDRESS, "name": words, "line2": words}, "method": "cod"}
        order = await shop.call("POST", "/orders", body, key=f"good-words-{number}")
        assert (order["address"]["name"], order["address"]["line2"]) == (words.strip(), words.strip())


@pytest.mark.parametrize(
    ("field", "values"), [("pin", BAD_PINS), ("phone", BAD_PHONES), ("state_code", ["3", "३३", 33, "TN"])]
)
async def test_numbers_of_places_and_phones_have_one_form(shop: Shop, field: str, values: list[object]) -> None:
    for value in values:
        problem = says(await check_out(shop, **{field: value}), "kernel.invalid")
        assert [each["field"] for each in problem["fields"]] == [f"body.address.{field}"], value


async def test_a_quantity_is_a_whole_number_in_its_bounds(shop: Shop) -> None:
    for number in BAD_NUMBERS:
        body = f'{{"quantity": {number}}}'.encode()
        headers = {"content-type": "application/json"}
        says(await send(shop, "PUT", "/cart/items/RICE-5KG", content=body, headers=headers), "kernel.invalid")
    assert (await shop.call("GET", "/cart"))["lines"] == []


async def test_a_body_is_one_json_value_that_everybody_reads_alike(shop: Shop) -> None:
    headers = {"content-type": "application/json"}
    for body, code in BAD_BODIES.values():
        answer = await send(shop, "PUT", "/cart/items/RICE-5KG", content=body, headers=headers)
        says(answer, code, STATUS.get(code, 422))


async def test_a_body_that_does_not_say_it_is_json_is_not_read(shop: Shop) -> None:
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json", "é"]:
        headers = {"content-type": kind.encode("latin-1")}
        answer = await send(shop, "PUT", "/cart/items/RICE-5KG", content=b'{"quantity": 1}', headers=headers)
        says(answer, "kernel.unsupported_media_type", 415)


async def test_an_idempotency_key_has_one_form(shop: Shop) -> None:
    for given in ["short", "x" * 81, "with space", "कुंजी-कुंजी".encode().decode("latin-1"), "a/b/c/d/e", "semi;colon"]:
        await shop.put()
        answer = await send(shop, "POST", "/orders", json={"address": ADDRESS, "method": "upi"},
                            headers={"idempotency-key": given.encode("latin-1")})  # fmt: skip
        says(answer, "kernel.invalid")
        assert (await shop.call("GET", "/orders"))["items"] == []


async def test_a_cursor_that_was_not_given_out_is_refused(shop: Shop) -> None:
    for cursor in [
        "",
        "x",
        "ord_",
        "ret_01KAR4T0GQ8V6M2Z3XJY5N7P9B",
        "ord_01kar4t0gq8v6m2z3xjy5n7p9b",
        "ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B\0",
        "' or 1=1",
    ]:
        says(await send(shop, "GET", "/orders", params={"cursor": cursor}), "kernel.bad_cursor")


async def test_a_cursor_of_another_customer_shows_nothing_of_theirs(shop: Shop) -> None:
    theirs = await shop.bought()
    arun = shop.app.tokens.give("customer", "cus_arun")
    page = await shop.call("GET", f"/orders?cursor={theirs['id']}", by=arun)
    assert page == {"items": [], "next_cursor": None}


async def test_a_limit_is_a_small_whole_number(shop: Shop) -> None:
    for limit in ["0", "51", "-1", "1e1", "9" * 30, "x", "", "1;2"]:
        says(await send(shop, "GET", "/orders", params={"limit": limit}), "kernel.invalid")


async def test_an_id_has_one_form(shop: Shop) -> None:
    for name in ["ord_x", "ord_01kar4t0gq8v6m2z3xjy5n7p9b", "1", "%00", "ord_%F0%9F%98%80", "x" * 5000, "%2e%2e%2f"]:
        answer = await send(shop, "GET", f"/orders/{name}")
        says(answer, answer.json()["code"], answer.status_code)
        assert answer.json()["code"] in ("kernel.invalid", "kernel.not_found")


async def test_a_header_of_languages_may_be_strange(shop: Shop) -> None:
    for asked in ["ta;q=1," * 500, "ta;q=0.9,*;q=nan,xx;;q", "TA-in"]:
        says(
            await send(shop, "GET", "/orders", params={"limit": "0"}, headers={"accept-language": asked}),
            "kernel.invalid",
        )


def test_json_that_everybody_reads_alike_is_read() -> None:
    values: tuple[object, ...] = ({"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}, [], "ಮೇಳ", 2**53, None)
    for value in values:
        assert bodies.parse(json.dumps(value).encode()) == value
