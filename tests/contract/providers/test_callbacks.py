"""Callbacks: believed by the provider's own scheme, or taken for a hint; whatever else comes is refused in one of two ways."""

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mela.kernel.errors import Invalid
from mela.services.payments.model import Word
from mela.services.payments.providers import News
from mela.services.payments.providers.http import BadSignature
from tests.contract.providers.outside import Outside

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
