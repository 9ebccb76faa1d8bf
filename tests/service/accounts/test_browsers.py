"""A browser's session: the cookie signs, and another site's page can do nothing with it."""

from http.cookies import Morsel, SimpleCookie

import httpx2
import pytest

from mela.kernel.web import cookies
from tests.service.accounts.desk import PHONE, Desk

HOST = {"host": "test"}


def given(answer: httpx2.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets."""
    found: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return dict(found)


async def browser(desk: Desk, phone: str = PHONE, **headers: str) -> dict[str, str]:
    """The cookies of a browser that has signed in."""
    await desk.ask(phone)
    body = {"phone": phone, "code": await desk.code(phone), "cookie": True}
    answer = await desk.app.client.post("/api/accounts/sessions", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    desk.app.client.cookies.clear()
    return {name: morsel.value for name, morsel in given(answer).items()}


def sent(kept: dict[str, str], **headers: str) -> dict[str, str]:
    """Headers of a request with these cookies."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in kept.items()), **headers}


async def change(desk: Desk, headers: dict[str, str]) -> httpx2.Response:
    return await desk.call("PATCH", "/me", headers, json={"name": "Meena R"})


async def test_signing_in_with_a_cookie_gives_no_token_to_scripts(desk: Desk) -> None:
    await desk.ask()
    body = {"phone": PHONE, "code": await desk.code(), "cookie": True}
    answer = await desk.app.client.post("/api/accounts/sessions", json=body)
    session, proof = given(answer)[cookies.SESSION], given(answer)[cookies.PROOF]
    assert answer.json()["token"] is None
    assert session.value not in answer.text
    assert (session["httponly"], session["samesite"], session["path"], session["secure"]) == (True, "lax", "/", "")
    assert (proof["httponly"], proof["samesite"], proof.value) == ("", "lax", cookies.proof(session.value))


async def test_over_a_secure_line_the_cookies_are_for_secure_lines(desk: Desk) -> None:
    await desk.ask()
    body = {"phone": PHONE, "code": await desk.code(), "cookie": True}
    forwarded = {"x-forwarded-proto": "https"}
    answer = await desk.app.client.post("/api/accounts/sessions", json=body, headers=forwarded)
    assert all(morsel["secure"] for morsel in given(answer).values())


async def test_the_cookie_reads_without_a_proof(desk: Desk) -> None:
    kept = await browser(desk)
    assert (await desk.call("GET", "/me", sent(kept))).json()["phone"] == PHONE
    assert [s["current"] for s in (await desk.call("GET", "/sessions", sent(kept))).json()["items"]] == [True]


async def test_the_cookie_with_its_proof_changes_something(desk: Desk) -> None:
    kept = await browser(desk)
    ours = {"x-csrf-token": kept[cookies.PROOF], "origin": "http://test", "sec-fetch-site": "same-origin"}
    assert (await change(desk, sent(kept, **ours))).json()["name"] == "Meena R"


async def test_without_a_proof_or_with_a_wrong_one_nothing_changes(desk: Desk) -> None:
    kept = await browser(desk)
    for wrong in ("", "0" * 64, kept[cookies.PROOF][:-1], kept[cookies.SESSION]):
        answer = await change(desk, sent(kept, **{"x-csrf-token": wrong}))
        assert (answer.status_code, answer.json()["code"]) == (403, "kernel.forged"), wrong
    assert (await desk.call("GET", "/me", sent(kept))).json()["name"] == ""


async def test_the_proof_of_another_session_proves_nothing(desk: Desk) -> None:
    mine, other = await browser(desk), await browser(desk, "+919876543211")
    answer = await change(desk, sent(mine, **{"x-csrf-token": other[cookies.PROOF]}))
    assert answer.json()["code"] == "kernel.forged"
    planted = mine | {cookies.PROOF: other[cookies.PROOF]}  # another site's page on a sister domain may set this cookie
    answer = await change(desk, sent(planted, **{"x-csrf-token": other[cookies.PROOF]}))
    assert answer.json()["code"] == "kernel.forged"


@pytest.mark.parametrize(
    "sender",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://test.evil.example"}, {"origin": "http://test:81"},
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
    ],
)  # fmt: skip
async def test_another_sites_page_changes_nothing_even_with_the_proof(desk: Desk, sender: dict[str, str]) -> None:
    kept = await browser(desk)
    answer = await change(desk, sent(kept, **{"x-csrf-token": kept[cookies.PROOF]}, **sender))
    assert (answer.status_code, answer.json()["code"]) == (403, "kernel.forged")


async def test_another_sites_page_cannot_sign_a_browser_in(desk: Desk) -> None:
    await desk.ask()
    body = {"phone": PHONE, "code": await desk.code(), "cookie": True}
    answer = await desk.app.client.post("/api/accounts/sessions", json=body, headers={"origin": "https://evil.example"})
    assert answer.json()["code"] == "kernel.forged"
    assert (await desk.enter(str(body["code"]))).status_code == 201, "the code was not used up"


async def test_a_bearer_token_needs_no_proof_and_wins_over_a_cookie(desk: Desk) -> None:
    kept, bearer = await browser(desk), await desk.signed_in("+919876543211")
    answer = await change(desk, sent(kept) | bearer)
    assert answer.json()["phone"] == "+919876543211"


async def test_signing_out_takes_the_cookies_and_ends_the_session(desk: Desk) -> None:
    kept = await browser(desk)
    headers = sent(kept, **{"x-csrf-token": kept[cookies.PROOF]})
    answer = await desk.call("DELETE", "/sessions/current", headers)
    assert answer.status_code == 204
    assert all(morsel["max-age"] == "0" for morsel in given(answer).values())
    assert set(given(answer)) == {cookies.SESSION, cookies.PROOF}
    assert (await desk.call("GET", "/me", sent(kept))).json()["code"] == "accounts.token_revoked"


@pytest.mark.parametrize("cookie", ["short", "x" * 300, "मेला" * 20])
async def test_a_cookie_that_is_no_token_signs_nobody_in(desk: Desk, cookie: str) -> None:
    raw = f"{cookies.SESSION}={cookie}".encode()
    answer = await desk.app.client.get("/api/accounts/me", headers=[(b"cookie", raw)])
    assert (answer.status_code, answer.json()["code"]) == (401, "kernel.unauthenticated")
