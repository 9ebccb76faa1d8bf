"""A cheap phone on a slow line: when the first page can be used, and what it cost until then.

1.6 Mb/s, 150 ms there and back, a processor four times slower: as Lighthouse calls slow 4G.
"""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import expect

from tests.e2e.visitor import Visitor

LINE = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 94_000}
SLOWER = 4
# The moment in which goods are drawn is that of the frame after them.
_WATCH = """new MutationObserver((_, me) => {
  if (!document.querySelector('.ware')) return;
  me.disconnect();
  requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.drawn = performance.now(); }));
}).observe(document, {childList: true, subtree: true})"""
_FETCHED = """[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .map(one => [new URL(one.name).pathname, one.transferSize])"""


@dataclass(frozen=True)
class Visit:
    """What happened until goods were drawn, and how long the search then took for its first answer."""

    drawn_ms: float
    searched_ms: float
    cpu_ms: float
    """Of the page's main thread."""
    needed: int
    """Bytes without which nothing is drawn: page, code, texts, data. Letters come after."""
    asked_early: bool
    """The goods were asked for by what runs first, not by the code that draws them."""


def visit(person: Visitor, *, line: bool = True) -> Visit:
    """The first page, opened by somebody new, until goods are drawn and the search has answered a key."""
    page = person.page
    session = person.context.new_cdp_session(page)
    session.send("Network.enable")
    askers: list[str] = []
    session.on("Network.requestWillBeSent", lambda e: askers.extend(_asker(e)))
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    if line:
        session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(_WATCH)
    before = _cpu_ms(session)
    page.goto(person.url + "/", wait_until="commit")
    page.locator("html[data-drawn]").wait_for(state="attached")
    cpu, drawn = _cpu_ms(session) - before, float(page.locator("html").get_attribute("data-drawn") or 0)
    fetched, asked = page.evaluate(_FETCHED), list(askers)
    began = float(page.evaluate("performance.now()"))
    page.get_by_role("combobox").press_sequentially("a")
    expect(page.get_by_role("option").first).to_be_visible()
    searched = float(page.evaluate("performance.now()")) - began
    needed = sum(size for path, size in fetched if not path.endswith((".woff2", "/icon.svg")))
    early = bool(asked) and all("/assets/start-" in each for each in asked)
    return Visit(drawn, searched, cpu, needed, early)


def _cpu_ms(session: Any) -> float:
    values = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return 1000 * float(values["TaskDuration"])


def _asker(event: Any) -> list[str]:
    """The script that asked the API, if it was the API that was asked."""
    if "/api/" not in event["request"]["url"]:
        return []
    frames = event["initiator"].get("stack", {}).get("callFrames", [])
    return [str(frames[0]["url"]) if frames else ""]
