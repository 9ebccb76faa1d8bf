"""A verdict in words, in five languages."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mela.cluster.schemas.paths import spell
from mela.kernel import clock, money
from mela.kernel.i18n import Messages
from mela.kernel.money import Paise
from mela.rehearsal.coverage import Gap
from mela.rehearsal.model import Field, Trace
from mela.rehearsal.verdict import objectives
from mela.rehearsal.verdict.model import Budget, Change, Failure, Harm, Mend, Verdict

if TYPE_CHECKING:
    from mela.rehearsal.sweep import Spread

SOURCE = Path(__file__).parent / "data" / "messages.yaml"
NEAR_S = 2 * 3600
"""A moment this long ago is still worth a mention."""
SECONDS_UP_TO = 120


@cache
def texts() -> Messages:
    return Messages.load(SOURCE, strict=True)


def say(key: str, lang: str, /, **params: object) -> str:
    return texts().text(f"rehearsal.{key}", lang, **params)


def at(trace: Trace, second: int) -> str:
    """The clock in India: `19:31:40`."""
    return at_time(trace.start, second)


def at_time(start: datetime, second: int) -> str:
    return f"{clock.india(start + timedelta(seconds=second)):%H:%M:%S}"


def when(trace: Trace, second: int, lang: str = "en") -> str:
    """The clock, and the nearest moment: `19:31:40, 40 s after “Toss”`."""
    passed = [moment for moment in trace.moments if 0 <= second - moment.at_s <= NEAR_S]
    coming = [moment for moment in trace.moments if 0 < moment.at_s - second <= NEAR_S]
    if passed:
        moment = max(passed, key=lambda one: one.at_s)
        gap = _gap(second - moment.at_s, lang)
        return say("when.after", lang, at=at(trace, second), gap=gap, moment=moment.text)
    if coming:
        moment = min(coming, key=lambda one: one.at_s)
        gap = _gap(moment.at_s - second, lang)
        return say("when.before", lang, at=at(trace, second), gap=gap, moment=moment.text)
    return say("when.at", lang, at=at(trace, second))


def gap(one: Gap, asked: float) -> str:
    """An action that was not played; English, as what the engine says."""
    return f"Not rehearsed: {one.action}, asked for {count(asked)} times. {one.why[0].upper()}{one.why[1:]}."


def spread(one: "Spread") -> str:
    """How far the seeds of one strategy and scale lie apart, in a sentence or two; English, as the table above it."""
    said = (
        f"{one.strategy} × {one.scale:g}, {one.seeds} seeds: {one.held} held; {_between(map(count, one.lost))} actions failed, "
        f"{_between(map(count, one.most_pods))} pods at the most, {_between(map(rupees, one.cost_paise))}."
    )
    if one.first_at is None:
        return said
    first, last = (f"{clock.india(at):%H:%M:%S}" for at in one.first_at)
    why = ", ".join(f"{mechanism} {times}" for mechanism, times in one.why.items())
    return f"{said} First failure {first if first == last else f'{first} to {last}'}: {why}."


def _between(texts: Iterable[str]) -> str:
    least, middle, most = texts
    return least if least == most else f"{least} to {most} (middle {middle})"


def failure(trace: Trace, found: Failure, lang: str = "en") -> tuple[str, ...]:
    """When, what people saw, why: a sentence each."""
    own = [harm for harm in found.harms if harm.service == found.service] or list(found.harms[:1])
    kinds = {harm.kind: harm for harm in sorted(own, key=lambda harm: harm.worst)}
    said = [_saw(trace, harm, lang) for kind, harm in sorted(kinds.items())]
    others = [service for service in found.services if service != found.service]
    if others:
        said.append(say("saw.others", lang, services=", ".join(others[:4]) + (" …" if len(others) > 4 else "")))
    if found.users >= 1:
        said.append(say("saw.users", lang, users=count(found.users, lang)))
    if found.trigger:
        said.append(say("saw.trigger", lang, said=found.trigger.text.rstrip(".")))
    return (*said, say(f"why.{found.cause.mechanism}", lang))


def _saw(trace: Trace, harm: Harm, lang: str) -> str:
    until = at(trace, harm.last_s)
    if harm.kind == "errors":
        return say("saw.errors", lang, service=harm.service, share=share(harm.worst), until=until)
    promised = duration(objectives.of(harm.service).p99_s)
    return say("saw.slow", lang, service=harm.service, p99=duration(harm.worst), promised=promised, until=until)


def headline(verdict: Verdict, lang: str = "en") -> str:
    if verdict.held:
        return say("verdict.held", lang)
    first = min((found.first_s for found in verdict.failures), default=0)
    return say("verdict.broke", lang, at=f"{at(verdict.trace, first)[:5]}")


def budget(found: Budget, lang: str = "en") -> str:
    promised = (
        f"{found.objective.available * 100:g} %" if found.kind == "available" else duration(found.objective.p99_s)
    )
    key = "verdict.budget" if found.kind == "available" else "verdict.slow"
    return say(
        key, lang, of=found.of, used=share(found.used), wrong=count(found.wrong, lang), asked=count(found.asked, lang), promised=promised
    )  # fmt: skip


def mend(before: Verdict, found: Mend | None, lang: str = "en") -> str:
    """What the change does, and its price."""
    if found is None:
        return say("mend.none", lang)
    after = found.verdict
    if not after.held:
        return say("mend.helps", lang, left=count(after.excess, lang), before=count(before.excess, lang))
    more, cost = after.cost_paise - before.cost_paise, rupees(after.cost_paise, lang)
    if more < 0:
        return say("mend.cheaper", lang, count=found.runs, less=rupees(-more, lang), cost=cost)
    return say("mend.holds", lang, count=found.runs, more=rupees(more, lang), cost=cost)


def place(field: Field) -> str:
    """`kubernetes/03.yaml:24`."""
    return f"{field.file}:{field.thing.line_of(field.path)}"


def field(of: Field) -> str:
    """`HorizontalPodAutoscaler match/api, spec.maxReplicas: 10`."""
    value = of.thing.get(*of.path)
    return f"{of.thing.title}, {spell(of.path)}" + (f": {value}" if isinstance(value, str | int | float) else "")


def change(of: Change) -> str:
    """`spec.maxReplicas: 10 → 15`."""
    return f"{spell(of.path)}: {'–' if of.before is None else of.before} → {of.after}"


def count(number: float, lang: str = "en") -> str:
    """`1,234`, `2.3 lakh`, `6.52 crore`; small numbers in three digits."""
    if 0.01 <= number < 10:
        return f"{number:.2g}"
    return money.compact(Paise(round(number) * 100), lang).replace(money.figures.RUPEE, "")


def rupees(paise: float, lang: str = "en") -> str:
    """`₹1,240`, `₹2.1 lakh`."""
    return money.compact(Paise(round(paise)), lang)


def share(number: float) -> str:
    """`17 %`, `0.04 %`, `340 %`, from ten times on `23×`."""
    if number >= 10:
        return f"{money.figures.group(round(number))}×"
    percent = number * 100
    return f"{percent:.0f} %" if percent >= 10 or percent < 0.005 else f"{percent:.2g} %"


def bandwidth(mbps: float) -> str:
    """`2.5 Gbit/s`, `10 Tbit/s`."""
    unit, size = next((unit, size) for unit, size in (("T", 1e6), ("G", 1e3), ("M", 0.0)) if mbps >= size)
    return f"{mbps / (size or 1):.3g} {unit}bit/s"


def duration(seconds: float) -> str:
    """`340 ms`, `2.4 s`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s".replace(".0 s", " s")


def _gap(seconds: int, lang: str) -> str:
    if seconds < SECONDS_UP_TO:
        return say("gap.seconds", lang, count=seconds)
    return say("gap.minutes", lang, count=round(seconds / 60))
