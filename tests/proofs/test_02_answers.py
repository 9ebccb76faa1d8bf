"""What a provider answers is spoiled in any way: payments takes it for no answer, never for money."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mela.kernel.clock import india_date
from mela.services.payments.app import ADAPTERS
from mela.services.payments.model import CardToken, Known, ProviderBooks, ProviderPayment, ProviderRefund, Word
from mela.services.payments.providers import Absent, Declined, Provider, Unknown
from mela.services.payments.providers.tokens import Tokens
from tests import hostile
from tests.contract.providers.outside import START, Outside, charge, outside

EXAMPLES = [pytest.param(120, id="120_times"), pytest.param(5_000, id="5000_times", marks=pytest.mark.long)]
STATUS = st.sampled_from([200] * 12 + [204, 206, 301, 302, 400, 401, 404, 409, 418, 429, 500, 503])
HEADERS = st.sampled_from([{}] * 8 + [{"content-encoding": "gzip"}, {"location": "http://[::1"}, {"content-type": "text/html; charset=x"}])  # fmt: skip
DAY = india_date(START)
LINE = {
    "report": re.compile(r"(collected|refunded),[A-Za-z0-9_.:-]*,[0-9]+,[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"),
    "settlements": re.compile(r"(collected|refunded),[A-Za-z0-9_.:-]*(,-?[0-9]+){4},[A-Za-z0-9_.:-]*,[A-Za-z0-9_.:-]*"),
}


@dataclass(frozen=True)
class Spoiled:
    """An answer in place of a genuine one: of which call, and the how-manieth of it."""

    call: str
    at: int
    status: int
    headers: dict[str, str]
    content: bytes


@dataclass
class Tape(httpx2.AsyncBaseTransport):
    """Remembers what a provider answered, and gives it again with one answer changed."""

    inner: httpx2.AsyncBaseTransport
    kept: list[bytes] = field(default_factory=list)
    changed: Spoiled | None = None
    at: int = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.changed is None:
            answer = await self.inner.handle_async_request(request)
            self.kept.append(await answer.aread())
            return answer
        self.at += 1
        if self.at - 1 == self.changed.at or self.at > len(self.kept):
            spoiled = self.changed
            return httpx2.Response(
                spoiled.status, headers=spoiled.headers, stream=httpx2.ByteStream(spoiled.content), request=request
            )
        return httpx2.Response(200, content=self.kept[self.at - 1])


@dataclass
class Meeting:
    """A provider with a paid and refunded payment, and what is asked of it."""

    there: Outside
    known: Known
    file: Path

    def asks(self, provider: Provider) -> dict[str, Callable[[], Awaitable[object]]]:
        """Every call of the contract."""
        refund = {"reference": "rfnd_00000001", "amount": 500}
        return {
            "create": lambda: provider.create(charge()),
            "status": lambda: provider.status(self.known),
            "status by reference": lambda: provider.status(Known(self.known.reference, self.known.amount)),
            "capture": lambda: provider.capture(self.known, 12_950, reference="pay_1", final=True),
            "void": lambda: provider.void(self.known),
            "refund": lambda: provider.refund(self.known, **refund),  # type: ignore[arg-type]
            "refund_status": lambda: provider.refund_status(self.known, reference="rfnd_00000001"),
            "downtimes": provider.downtimes,
            "report": lambda: provider.report(DAY, self.file),
            "settlements": lambda: provider.settlements(DAY, self.file),
            "books": provider.books,
        }

    async def ask(self, http: httpx2.AsyncClient, call: str) -> object:
        """One of them, over this client."""
        return await self.asks(ADAPTERS[self.there.provider.name](http, lambda: self.there.account))[call]()


@pytest.fixture(params=ADAPTERS)
async def meeting(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Meeting]:
    async with outside(request.param, tmp_path) as there:
        known = await there.paid()
        await there.provider.refund(known, reference="rfnd_00000001", amount=500)
        yield Meeting(there, known, tmp_path / "file.csv")


@pytest.mark.parametrize("times", EXAMPLES)
async def test_a_spoiled_answer_is_no_answer_and_never_money(meeting: Meeting, times: int) -> None:
    tapes = {name: await _taped(meeting, name) for name in meeting.asks(meeting.there.provider)}
    for spoiled in _drawn({name: tape.kept for name, tape in tapes.items() if tape.kept}, times):
        tape = tapes[spoiled.call]
        tape.changed, tape.at = spoiled, 0
        async with httpx2.AsyncClient(transport=tape) as http:
            told = await meeting.ask(http, spoiled.call)
        _is_harmless(meeting, spoiled, told, last=spoiled.at == len(tape.kept) - 1)


@pytest.mark.parametrize("times", EXAMPLES)
async def test_a_spoiled_answer_about_a_card_begins_nothing(tmp_path: Path, times: int) -> None:
    async with outside("gateway", tmp_path) as there:
        body = {"number": "4111111111111111", "expiry": "1230", "cvv": "123"}
        token = (await there.sim.client.post("/sim/gateway/cards/tokens", json=body)).json()["id"]
        tape = Tape(there.wires)
        async with httpx2.AsyncClient(transport=tape) as http:
            tokens = Tokens(http, lambda: there.account)
            assert isinstance(await tokens.cryptogram(token, "pay_1"), CardToken)
            for spoiled in _drawn({"token": tape.kept}, times):
                tape.changed, tape.at = spoiled, 0
                told = await tokens.cryptogram(token, "pay_1")
                assert isinstance(told, CardToken | Declined | Unknown)
                if isinstance(told, CardToken):
                    assert re.fullmatch(
                        r"(0[1-9]|1[0-2])[0-9]{2} [0-9]{4} [a-z]{1,20}", f"{told.expiry} {told.last4} {told.network}"
                    )


async def _taped(meeting: Meeting, call: str) -> Tape:
    """The genuine answers to a call."""
    tape = Tape(meeting.there.wires)
    async with httpx2.AsyncClient(transport=tape) as http:
        await meeting.ask(http, call)
    return tape


def _drawn(kept: dict[str, list[bytes]], times: int) -> list[Spoiled]:
    """So many spoiled answers to these calls."""
    found: list[Spoiled] = []

    @settings(max_examples=times, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        call = data.draw(st.sampled_from(sorted(kept)))
        at = data.draw(st.integers(0, len(kept[call]) - 1))
        content = data.draw(_contents(kept[call][at]))
        found.append(Spoiled(call, at, data.draw(STATUS), data.draw(HEADERS), content))

    draw()
    return found


def _contents(genuine: bytes) -> st.SearchStrategy[bytes]:
    noise = st.binary(max_size=200)
    try:
        tree = json.loads(genuine)
    except ValueError:
        return st.one_of(noise, st.integers(0, len(genuine)).map(lambda end: genuine[:end]))
    spoiled = hostile.spoiled(tree, ["pay_2", "rfnd_00000002", "USD", "captured", "129.51"])
    return st.one_of(spoiled, spoiled, spoiled, noise)


def _is_harmless(meeting: Meeting, spoiled: Spoiled, told: object, *, last: bool) -> None:
    """An answer of the contract, about what was asked; money only where the bytes say so plainly."""
    if spoiled.call in LINE:
        assert told is None or isinstance(told, Unknown), spoiled
        if told is None and meeting.there.provider.name != "gateway":
            _, *lines, end = meeting.file.read_text().splitlines()
            assert all(LINE[spoiled.call].fullmatch(line) for line in lines), lines
            assert end.startswith(f"total,{len(lines)},")
    elif isinstance(told, ProviderPayment):
        assert (told.reference, len(told.id) <= 40) == ("pay_1", True), spoiled
        if told.status is Word.CAPTURED and last:
            assert _plainly(meeting.there.provider.name, spoiled.content) == (told.amount, "INR"), spoiled
    elif isinstance(told, ProviderRefund):
        assert told.reference == "rfnd_00000001", spoiled
    else:
        assert isinstance(told, Declined | Absent | Unknown | ProviderBooks | list), spoiled


def _plainly(provider: str, content: bytes) -> tuple[object, object] | None:
    """Paise and currency of a payment that an answer plainly calls captured."""
    tree = json.loads(content)
    if provider == "payu":
        detail = tree["transaction_details"]["pay_1"]
        return (Decimal(str(detail["amount"])) * 100, "INR") if detail["unmappedstatus"] == "captured" else None
    if provider == "phonepe":
        return (tree["amount"], "INR") if tree["state"] == "COMPLETED" else None
    if provider == "cashfree":
        one = tree[0] if isinstance(tree, list) else tree
        amount, currency = Decimal(str(one["payment_amount"])) * 100, one.get("payment_currency", "INR")
        return (amount, currency) if one["payment_status"] == "SUCCESS" and one["is_captured"] else None
    one = tree["items"][-1] if "items" in tree else tree
    return (one["amount"], one.get("currency", "INR")) if one["status"] in ("captured", "refunded") else None
