"""Proofs run the real thing. One that lacks a component says which and how to get it, and counts as not run.

With `--all-must-run`, as in `.ci/run`, not run is a failure.
"""

from collections.abc import Generator

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-must-run", action="store_true", help="a proof that could not run fails")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--all-must-run"):
        report.outcome = "failed"
        report.longrepr = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return report
