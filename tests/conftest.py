"""What every test shares: how Hypothesis runs, and that who measures time has the machine for itself.

A slow machine is not a failure, so Hypothesis' examples have no deadline.
"""

import fcntl
import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("mela", deadline=None, print_blob=True)
settings.load_profile("mela")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who must be alone comes first: nobody waits for them while something long is under way."""
    items.sort(key=lambda item: item.get_closest_marker("alone") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is imported by now stays: the collector need not look at it again and again, which was a tenth of all time."""
    _groups_hold(session)
    gc.collect()
    gc.freeze()


def _groups_hold(session: pytest.Session) -> None:
    """Who shares a cluster or a broker shares a process, which a release of pytest made xdist forget without a word."""
    together = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if session.config.getoption("loadgroup", default=False) and any("@" not in item.nodeid for item in together):
        raise pytest.UsageError("this pytest-xdist does not keep groups together with this pytest")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    if not hasattr(item.config, "workerinput"):
        return (yield)
    with _room(Path(item.config.getoption("basetemp")).parent, alone=item.get_closest_marker("alone") is not None):
        return (yield)


@contextmanager
def _room(folder: Path, *, alone: bool) -> Iterator[None]:
    """Among the processes of a run many may be in the room, or one alone; who waits at its door lets nobody past."""
    with (folder / "door").open("w") as door, (folder / "room").open("w") as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(room, fcntl.LOCK_UN)
