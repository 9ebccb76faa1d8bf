"""Pictures of the control room while something goes on: a crowd, faults, a case, a parked event, rehearsals.

python -m tests.e2e.room_pictures FOLDER [--widths 360,1440]
"""

import argparse
import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.pictures import THEMES, pages, settled
from tests.e2e.test_control import park
from tests.e2e.visitor import ARGUMENTS, CHROMIUM, enter
from tests.proofs.stage import Actor, running

LIVE_S = 80
"""How long the crowd is watched before the pictures: the charts then show calm, trouble and what came after."""


def happen(browser: Browser, actor: Actor) -> None:
    """A refund that the bank does not take, an event that a handler gave up on, a crowd, and a gateway in trouble."""
    room = httpx2.Client(base_url=f"{actor.url}/api/control", timeout=60)
    room.put("/chaos", json={"refuse_refunds": 1.0}).raise_for_status()
    buyer = enter(browser, actor.url)
    buyer.buy("whole-wheat-atta", "₹239")
    buyer.pay()
    buyer.stands("confirmed")
    park(actor.folder / "settlement.db", buyer.order_id(), "settlement.no_rate")
    buyer.press("cancel.begin")
    buyer.page.get_by_label(buyer.say("cancel.mistake")).check()
    buyer.press("cancel.do")
    buyer.stands("cancelled")
    buyer.context.close()
    wishes: list[dict[str, Any]] = [
        {"scale": 0.3},
        {},
        {"event": "match-2019", "manifests": "03-ipl-streaming-hpa.yaml", "strategy": "predictive"},
    ]
    for number, wish in enumerate(wishes):
        room.post("/rehearsals", json=wish, headers={"idempotency-key": f"picture-{number}"}).raise_for_status()
    while any(run["state"] in ("waiting", "running") for run in room.get("/rehearsals").json()["items"]):
        time.sleep(1)
    room.put("/crowd", json={"shoppers": 30, "think_s": 1.0}).raise_for_status()
    for chaos in ({}, {"slow_ms": 600, "drop_after_debit": 0.2, "decline": 0.2}):
        room.put("/chaos", json=chaos).raise_for_status()
        time.sleep(LIVE_S / 2)


def calm(url: str) -> None:
    """Fewer shoppers, who leave room for rehearsals: one that is played and one that waits."""
    room = httpx2.Client(base_url=f"{url}/api/control", timeout=60)
    room.put("/chaos", json={"decline": 0.05}).raise_for_status()
    room.put("/crowd", json={"shoppers": 8, "think_s": 2.0}).raise_for_status()
    slow = {"event": "match-2023", "manifests": "03-ipl-streaming-hpa.yaml", "quick": False}
    for number in range(2):
        room.post("/rehearsals", json=slow, headers={"idempotency-key": f"picture-slow-{number}"}).raise_for_status()


def take(folder: Path, actor: Actor, widths: list[int]) -> None:
    """All pictures into a folder, `page-language-theme-width.png`. Says each page that is wider than its window."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        happen(browser, actor)
        for page in pages(browser, None, "en", "light", 1280):  # the one of README.md
            page.goto(f"{actor.url}/control")
            page.wait_for_timeout(6000)
            page.screenshot(path=folder / "readme.png")
        calm(actor.url)
        for language, theme, width in itertools.product(("en", "hi"), THEMES, widths):
            context = browser.new_context(viewport={"width": width, "height": 900})
            looks = {"lang": language, "theme": theme, "motion": "off"}
            context.add_init_script(
                ";".join(f"localStorage.setItem('mela.{name}','{value}')" for name, value in looks.items())
            )
            _shoot(context.new_page(), actor.url, folder, f"{language}-{theme}-{width}")
            context.close()
        browser.close()


def _shoot(page: Page, url: str, folder: Path, name: str) -> None:
    def keep(what: str, *, whole: bool = True) -> None:
        page.screenshot(path=folder / f"{what}-{name}.png", full_page=whole)
        wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        print(f"{what}-{name}", "" if wide <= window else f"is {wide} px wide in {window}", flush=True)

    page.goto(f"{url}/control")
    page.locator("main h1").wait_for()
    expect(page.locator(".services tbody tr, [aria-labelledby=services] tbody tr").first).to_be_visible()
    expect(page.locator("[aria-labelledby=cases] li").first).to_be_visible()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(2500)  # two samples more: the charts draw with each
    keep("control-top", whole=False)
    page.locator("[aria-labelledby=slowest] details").first.click()
    keep("control")
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true })")
    keep("control-meanings")
    page.locator("[aria-labelledby=cases] button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    keep("case", whole=False)
    page.keyboard.press("Escape")
    page.goto(f"{url}/control/rehearsals")
    page.locator(".day").first.wait_for(timeout=120_000)
    settled(page)
    expect(page.locator(".runs > li").nth(3)).to_be_visible()
    keep("rehearsals")
    for place in (0, 1):
        page.locator(".runs input[type=checkbox]").nth(place).check()
    page.locator("input[value=tatkal]").check()
    expect(page.locator(".compared")).to_be_visible()
    keep("rehearsals-compared")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--widths", default="360,1440")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as data, running(actor := Actor(Path(data) / "shop")):
        take(given.folder, actor, [int(width) for width in given.widths.split(",")])
