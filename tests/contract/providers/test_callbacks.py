"""Callbacks: believed by the provider's own scheme, or taken for a hint; whatever else comes is refused in one of two ways."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mela.kernel.errors import Invalid
from mela.services.payments.model import ProviderDispute, Word
from mela.services.payments.providers import Absent, News
from mela.services.payments.providers.http import BadSignature
from tests.contract.providers.outside import KEYS, START, Outside

ANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(there: Outside, request: httpx2.Request) -> News:
    return there.provider.read_callback(request.headers, request.content, there.clock.now())


async def test_a_captured_payment_is_told_by_our_name(there: Outside) -> None:
    known = await there.paid()
    (request,) = await there.called_back()
    assert request.url.path == f"/{there.provider.name}"
    news = read(there, request)
    if news.payment is None:
        assert news.look == "pay_1"
    else:
        told = news.payment
        assert (told.reference, told.id, told.status, told.amount) == ("pay_1", known.id, Word.CAPTURED, 12_950)


async def test_a_refund_is_told_by_our_name(there: Outside) -> None:
    known = await there.paid()
    await there.provider.refund(known, reference="rfnd_00000001", amount=500)
    news = [read(there, request) for request in await there.called_back()]
    assert any(
        each.look == "rfnd_00000001"
        or (each.refund and (each.refund.reference, each.refund.amount) == ("rfnd_00000001", 500))
        for each in news
    )


async def test_a_failed_payment_is_told(there: Outside) -> None:
    await there.create()
    await there.payer("decline", body={"code": "ZA"})
    (request,) = await there.called_back()
    news = read(there, request)
    assert news.look == "pay_1" or (news.payment is not None and news.payment.status is Word.FAILED)


async def disputed(there: Outside, path: str, **body: object) -> tuple[dict[str, Any], httpx2.Request]:
    """What a payer's bank does, and the callback that tells of it."""
    name = there.provider.name
    answer = await there.sim.client.post(f"/sim/{name}/disputes{path}", json=body, auth=KEYS[:2])
    return answer.raise_for_status().json(), (await there.called_back())[-1]


async def meant(there: Outside, request: httpx2.Request) -> ProviderDispute:
    """The dispute that a callback tells, or hints at."""
    news = read(there, request)
    told = news.dispute or await there.provider.dispute(news.look_at_dispute or "")
    assert isinstance(told, ProviderDispute), told
    return told


@pytest.mark.parametrize("status", ["won", "lost"])
async def test_a_dispute_is_told_by_our_name_and_so_is_its_end(there: Outside, status: Any) -> None:
    await there.paid()
    made, request = await disputed(there, "", reference="pay_1", amount=5_050, reason="fraud", days=9)
    opened = await meant(there, request)
    assert (opened.reference, opened.amount, opened.status) == ("pay_1", 5_050, "opened")
    assert opened.reason.startswith("fraud")
    assert opened.respond_by is not None
    assert timedelta(days=8) < opened.respond_by - START < timedelta(days=10)
    _, request = await disputed(there, f"/{made['id']}/end", status=status)
    assert await meant(there, request) == replace(opened, status=status)


async def test_words_about_a_dispute_are_signed_or_only_a_hint(there: Outside) -> None:
    await there.paid()
    _, request = await disputed(there, "", reference="pay_1")
    more = request.content.replace(b"129", b"128")
    if read(there, request).dispute is None:
        assert there.provider.name == "phonepe"
        assert isinstance(await there.provider.dispute("gdnobody"), Absent)
        return
    with pytest.raises(BadSignature):
        there.provider.read_callback(request.headers, more, there.clock.now())
    kept = {name: value for name, value in request.headers.items() if "signature" not in name}
    with pytest.raises(BadSignature):
        there.provider.read_callback(kept, request.content, there.clock.now())


async def test_a_callback_brought_again_has_the_same_event_id(there: Outside) -> None:
    await there.plan(callback_twice=1.0)
    await there.paid()
    first, second = await there.called_back()
    assert read(there, first).event_id == read(there, second).event_id != ""


async def test_two_events_have_two_ids(there: Outside) -> None:
    await there.paid("pay_1")
    await there.paid("pay_2")
    first, second = await there.called_back()
    assert read(there, first).event_id != read(there, second).event_id


async def test_a_callback_signed_wrongly_at_first_is_refused_and_believed_when_it_comes_right(there: Outside) -> None:
    await there.plan(sign_wrongly=1.0)
    await there.paid()
    (request,) = await there.called_back()
    with pytest.raises(BadSignature):
        read(there, request)


async def test_our_secret_is_needed(there: Outside) -> None:
    await there.paid()
    (request,) = await there.called_back()
    other = there.with_account(webhook_secret="an:other", key_secret="another", key_id="others")
    with pytest.raises(BadSignature):
        other.read_callback(request.headers, request.content, there.clock.now())


@ANY
@given(
    st.binary(max_size=300),
    st.dictionaries(st.sampled_from(["authorization", "x-webhook-timestamp", "content-type"]), st.text(max_size=40)),
)
async def test_no_bytes_get_further_than_a_refusal(there: Outside, body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises((BadSignature, Invalid)):
        there.provider.read_callback(headers, body, there.clock.now())


@ANY
@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
async def test_one_changed_byte_is_noticed_or_was_only_a_hint(there: Outside, place: int, change: int) -> None:
    if not there.merchant.taken:
        await there.paid()
        await there.called_back()
    request = there.merchant.taken[0]
    body = bytearray(request.content)
    body[place % len(body)] ^= change
    try:
        news = there.provider.read_callback(request.headers, bytes(body), there.clock.now())
    except (BadSignature, Invalid):
        return
    assert news.payment is None or news.payment == read(there, request).payment
