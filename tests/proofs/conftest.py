"""Proofs run the real thing. One that lacks a component says which and how to get it, and counts as not run.

With `--all-must-run`, as in `.ci/run`, not run is a failure.
"""

from collections.abc import Generator, Iterator

import pytest

from tests.proofs.kube import hurting, system
from tests.proofs.kube.kubectl import Kubectl, Object, need_cluster


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-must-run", action="store_true", help="a proof that could not run fails")
    parser.addoption("--seed", type=int, default=5, help="another run of the proofs that draw what goes wrong")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--all-must-run"):
        report.outcome = "failed"
        report.longrepr = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return report


@pytest.fixture(scope="session")
def shop() -> Iterator[tuple[Kubectl, list[Object]]]:
    """The whole small overlay on a cluster, and its objects; taken away again unless it was there before."""
    kubectl = need_cluster()
    items = system.objects(kubectl)
    ours = {item["metadata"]["name"] for item in items if item["kind"] == "Namespace"}
    there = ours <= {item["metadata"]["name"] for item in kubectl.items("namespaces")}
    system.bring_up(kubectl, items)
    yield kubectl, items
    if not there:
        system.take_down(kubectl, items)


@pytest.fixture
def catalog(shop: tuple[Kubectl, list[Object]]) -> Iterator[Kubectl]:
    """The catalogue's namespace, whole and at rest."""
    kubectl = shop[0].within(system.CATALOG)
    hurting.settle(kubectl, system.CATALOG)
    with hurting.uncordoned(kubectl):
        yield kubectl
