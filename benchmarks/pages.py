"""The shop's first page as somebody with a cheap phone and a slow line meets it, in each language."""

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.server import platform

ROUNDS = 5


def measure(work: Path) -> Iterator[tuple[str, float, str, str]]:
    """Name, value, unit and conditions of each figure: medians of some rounds, each in a new browser context."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from playwright.sync_api import sync_playwright

    from mela.kernel import i18n
    from tests.e2e import slow
    from tests.e2e.visitor import ARGUMENTS, CHROMIUM, enter

    how = f"1.6 Mb/s, 150 ms, processor {slow.SLOWER} times slower; median of {ROUNDS}"
    with platform(work / "pages") as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for language in i18n.LANGUAGES:
            seen = []
            for _ in range(ROUNDS):
                person = enter(browser, f"http://127.0.0.1:{server.port}", language=language, width=360)
                seen.append(slow.visit(person))
                person.context.close()
            drawn, searched, cpu = (
                statistics.median(values)
                for values in zip(*((s.drawn_ms, s.searched_ms, s.cpu_ms) for s in seen), strict=True)
            )
            worst = max(s.drawn_ms for s in seen)
            yield f"first page, {language}, goods drawn", drawn, "ms", f"{how}; longest {worst:.0f} ms"
            yield f"first page, {language}, search answers", searched, "ms", f"from the key on; {how}"
            yield f"first page, {language}, main thread", cpu, "CPU ms", f"until goods are drawn; {how}"
            yield f"first page, {language}, needed", seen[0].needed / 1000, "kB", "page, code, texts, data"
        browser.close()
