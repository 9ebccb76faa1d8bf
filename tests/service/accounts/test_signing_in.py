import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from mela.kernel import auth
from mela.kernel.auth import Principal
from mela.kernel.errors import Unauthenticated
from mela.services.accounts import rules, store
from mela.services.accounts.model import Code, Customer, Limit, SignIn, Token, Verdict
from tests.service.accounts import desk as desks
from tests.service.accounts.desk import PHONE, Desk


def wrong(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


def kept_in(folder: Path) -> bytes:
    """All that the database of accounts has on disk."""
    return b"".join(file.read_bytes() for file in folder.glob("accounts*"))


async def test_a_code_from_the_sms_signs_in(desk: Desk) -> None:
    asked = await desk.ask()
    assert (asked.status_code, asked.json()) == (202, {"expires_in_s": 300, "resend_after_s": 30})
    answer = await desk.enter(await desk.code())
    assert answer.status_code == 201
    assert answer.json()["expires"] == "2026-12-23T12:30:00Z"
    principal = await desk.app.service.identify(token=answer.json()["token"])
    assert principal == Principal("customer", answer.json()["customer_id"])


async def test_a_phone_stays_the_same_customer(desk: Desk) -> None:
    first = await desk.call("GET", "/me", await desk.signed_in())
    desk.clock.advance(31)
    second = await desk.call("GET", "/me", await desk.signed_in())
    assert first.json() == second.json()
    other = await desk.call("GET", "/me", await desk.signed_in("+919876543211"))
    assert other.json()["id"] != first.json()["id"]


@pytest.mark.parametrize(
    ("language", "word"),
    [("en", "sign-in code"), ("hi", "लॉगिन"), ("ta-IN", "குறியீடு"), ("te", "కోడ్"), ("kn", "ಕೋಡ್"), ("fr", "sign-in code")],
)
async def test_the_sms_speaks_the_callers_language(desk: Desk, language: str, word: str) -> None:
    await desk.ask(language=language)
    assert word in (await desk.texts())[0]


async def test_a_code_works_once(desk: Desk) -> None:
    await desk.ask()
    code = await desk.code()
    assert (await desk.enter(code)).status_code == 201
    again = await desk.enter(code)
    assert (again.status_code, again.json()["code"]) == (422, "accounts.no_code")


async def test_a_code_works_for_five_minutes(desk: Desk) -> None:
    await desk.ask()
    code = await desk.code()
    desk.clock.advance(300)
    assert (await desk.enter(code)).json()["code"] == "accounts.no_code"


async def test_a_code_works_until_its_last_second(desk: Desk) -> None:
    await desk.ask()
    desk.clock.advance(299)
    assert (await desk.enter(await desk.code())).status_code == 201


async def test_only_the_newest_code_works(desk: Desk) -> None:
    await desk.ask()
    old = await desk.code()
    desk.clock.advance(30)
    await desk.ask()
    new = await desk.code()
    assert old != new
    assert (await desk.enter(old)).json()["code"] == "accounts.wrong_code"
    assert (await desk.enter(new)).status_code == 201


async def test_a_code_of_another_phone_does_not_work(desk: Desk) -> None:
    await desk.ask()
    await desk.ask("+919876543211")
    assert (await desk.enter(await desk.code(), "+919876543211")).json()["code"] == "accounts.wrong_code"


async def test_without_a_code_there_is_nothing_to_guess(desk: Desk) -> None:
    assert (await desk.enter("000000")).json()["code"] == "accounts.no_code"


async def test_wrong_tries_are_counted_down_and_then_the_right_code_is_refused(desk: Desk) -> None:
    await desk.ask()
    code = await desk.code()
    answers = [await desk.enter(wrong(code)) for _ in range(5)]
    assert [answer.json()["params"] for answer in answers] == [{"left": left} for left in (4, 3, 2, 1, 0)]
    assert {answer.status_code for answer in answers} == {422}
    assert (await desk.enter(code)).json()["code"] == "accounts.tries_spent"


async def test_the_fifth_try_may_be_right(desk: Desk) -> None:
    await desk.ask()
    code = await desk.code()
    for _ in range(4):
        await desk.enter(wrong(code))
    assert (await desk.enter(code)).status_code == 201


async def test_guessing_in_parallel_gets_no_more_than_five_tries(desk: Desk) -> None:
    await desk.ask()
    code = await desk.code()
    answers = await asyncio.gather(*(desk.enter(f"{(int(code) + n) % 1_000_000:06}") for n in range(1, 65)))
    codes = [answer.json()["code"] for answer in answers]
    assert (codes.count("accounts.wrong_code"), codes.count("accounts.tries_spent")) == (5, 59)
    assert (await desk.enter(code)).json()["code"] == "accounts.tries_spent"


async def test_two_sign_ins_with_one_code_give_one_session(desk: Desk) -> None:
    await desk.ask()
    code = await desk.code()
    answers = await asyncio.gather(*(desk.enter(code) for _ in range(8)))
    won = [answer for answer in answers if answer.status_code == 201]
    assert len(won) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} == {"accounts.no_code"}
    headers = {"authorization": f"Bearer {won[0].json()['token']}"}
    assert len((await desk.call("GET", "/sessions", headers)).json()["items"]) == 1


async def test_the_sign_in_unit_may_run_twice(desk: Desk) -> None:
    now, db = desk.clock.now(), desk.app.db
    later = now + timedelta(days=1)
    await db.run(store.issue_code, Code("code_1", PHONE, "en", now, later), [Limit(1, 30)], now)
    session = Token("hash", "ses_1", "customer", "", "a phone", (), created=now, seen=now, expires=later)
    newcomer = Customer("cus_1", PHONE, "", "en", now)
    digits = rules.code_digits("key", "code_1")
    for _ in range(2):
        result = await db.run(store.sign_in, PHONE, digits, session, newcomer, key="key", tries=5, most_sessions=1)
        assert result == SignIn(Verdict.RIGHT, customer_id="cus_1")
    assert len(await db.read(store.live_tokens, "customer", now, 10)) == 1


async def test_a_phone_gets_one_code_in_half_a_minute(desk: Desk) -> None:
    await desk.ask()
    desk.clock.advance(10.5)
    refused = await desk.ask()
    assert (refused.status_code, refused.json()["code"]) == (429, "accounts.too_many_codes")
    assert (refused.json()["params"], refused.headers["retry-after"]) == ({"seconds": 20}, "20")
    assert (await desk.ask("+919876543211")).status_code == 202
    desk.clock.advance(19.5)
    assert (await desk.ask()).status_code == 202


async def test_a_phone_gets_five_codes_in_an_hour(desk: Desk) -> None:
    for _ in range(5):
        assert (await desk.ask()).status_code == 202
        desk.clock.advance(60)
    assert (await desk.ask()).json()["params"] == {"seconds": 3300}
    desk.clock.advance(3300)
    assert (await desk.ask()).status_code == 202


async def test_asking_in_parallel_gets_one_code(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.ask() for _ in range(16)))
    assert sorted(answer.status_code for answer in answers)[:2] == [202, 429]
    assert len(await desk.texts()) == 1


async def test_a_code_that_the_provider_did_not_take_is_sent_later(desk: Desk) -> None:
    desk.line.cut = True
    assert (await desk.ask()).status_code == 202
    desk.clock.advance(6)
    await desk.app.run_job("send_codes")
    assert await desk.texts() == []
    desk.line.cut = False
    await desk.app.run_job("send_codes")
    assert await desk.texts() == [], "the message that failed a moment ago waits"
    desk.clock.advance(5)
    await desk.app.run_job("send_codes")
    assert (await desk.enter(await desk.code())).status_code == 201


async def test_a_lost_answer_of_the_provider_sends_no_second_message(desk: Desk) -> None:
    desk.line.lose_answers = True
    await desk.ask()
    desk.line.lose_answers = False
    for _ in range(2):
        desk.clock.advance(6)
        await desk.app.run_job("send_codes")
    assert len(await desk.texts()) == 1


async def test_a_code_that_has_expired_is_not_sent_any_more(desk: Desk) -> None:
    desk.line.cut = True
    await desk.ask()
    desk.line.cut = False
    desk.clock.advance(301)
    await desk.app.run_job("send_codes")
    assert await desk.texts() == []


async def test_a_newer_code_takes_the_place_of_one_that_waits(desk: Desk) -> None:
    desk.line.cut = True
    await desk.ask()
    desk.line.cut = False
    desk.clock.advance(30)
    await desk.ask()
    await desk.app.run_job("send_codes")
    assert len(await desk.texts()) == 1


async def test_codes_survive_a_restart_with_the_key_that_was_made_at_the_first_start(tmp_path: Path) -> None:
    async with desks.running(tmp_path) as desk:
        await desk.ask()
        code = await desk.code()
    async with desks.running(tmp_path) as desk:
        assert (await desk.enter(code)).status_code == 201


async def test_a_key_from_settings_is_not_in_the_database(tmp_path: Path) -> None:
    async with desks.running(tmp_path, code_key="k" * 32) as desk:
        await desk.signed_in()
    assert b"k" * 32 not in kept_in(tmp_path)


async def test_neither_code_nor_token_nor_phone_is_kept_in_plain(tmp_path: Path) -> None:
    async with desks.running(tmp_path) as desk:
        desk.line.cut = True
        await desk.ask()
        desk.line.cut = False
        desk.clock.advance(6)
        await desk.app.run_job("send_codes")
        code = await desk.code()
        token = (await desk.enter(code)).json()["token"]
    kept = kept_in(tmp_path)
    assert PHONE[3:].encode() not in kept
    assert token.encode() not in kept
    assert code.encode() not in kept
    assert auth.digest(token).encode() in kept


async def test_expired_codes_and_sessions_are_forgotten(desk: Desk) -> None:
    headers = await desk.signed_in()
    desk.clock.advance(86_401)
    await desk.app.run_job("forget")
    assert (await desk.call("GET", "/me", headers)).status_code == 200
    desk.clock.advance(61 * 86_400)
    await desk.app.run_job("forget")
    assert await desk.app.db.read(store.find_token, auth.digest(headers["authorization"].split()[1])) is None
    with pytest.raises(Unauthenticated):
        await desk.app.service.identify(token=headers["authorization"].split()[1])
