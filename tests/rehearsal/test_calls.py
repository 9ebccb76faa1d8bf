"""Call graphs are read strictly: what is wrong is said with file and line."""

import pytest

from mela.rehearsal import calls, reading
from tests.rehearsal import kit

GOOD = """\
name: shop
mark: assumption
source: test
services:
  web:
    workload: shop/web
    operations:
      page: {cpu_ms: 4, calls: [{to: db.read, times: 2, cached: 0.5}]}
  db:
    ceiling_per_s: 1000
    operations:
      read: {wait_ms: 1}
actions:
  page: {calls: [{to: web.page}]}
levels:
  viewers: {mbps: 2, every_s: {page: 30}}
"""


def test_a_graph_says_what_it_says() -> None:
    graph = calls.parse(GOOD)
    assert graph.services["web"].operations["page"].calls[0].cached == 0.5
    assert graph.services["db"].is_outside
    assert graph.levels["viewers"].every_s == {"page": 30}


def test_work_varies_like_chance_unless_the_file_says_how() -> None:
    told = GOOD.replace("read: {wait_ms: 1}", "read: {cpu_ms: 1, cv: 0.4}")
    assert calls.parse(GOOD).services["db"].operations["read"].cv == 1.0
    assert calls.parse(told).services["db"].operations["read"].cv == 0.4


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("cpu_ms: 4", "cpu: 4", r"f\.yaml:8: services\.web\.operations\.page\.cpu is not known here; did you mean cpu_ms"),
        ("cpu_ms: 4", "cpu_ms: fast", r"f\.yaml:8: .*cpu_ms is 'fast'; give a number"),
        ("cpu_ms: 4", "cpu_ms: 4, cv: 40", r"40; it must be from 0 to 10"),
        ("cpu_ms: 4", "cpu_ms: -1", r"-1; it must be at least 0"),
        ("cached: 0.5", "cached: 50", r"is 50; it must be from 0 to 1"),
        ("times: 2", "retries: 1.5", r"is 1\.5; it must be a whole number"),
        ("to: db.read", "to: db.reed", r"f\.yaml:8: .*to is 'db\.reed'; did you mean db\.read"),
        ("read: {wait_ms: 1}", "read: {wait_ms: 1, calls: [{to: web.page}]}", r"in a circle: web\.page > db\.read > web\.page"),
        ("mark: assumption", "mark: guess", r"f\.yaml:2: mark is 'guess'"),
        ("    workload: shop/web\n", "", r"f\.yaml:6: services\.web says neither which workload makes its pods"),
        ("{page: 30}", "{watch: 30}", r"watch is no action; there are page"),
        ("source: test\n", "", r"source is missing"),
        ("services:", "services: &a [*a]\nother:", r"f\.yaml:4: services must be a map"),
        ("name: shop", "name: shop\nname: again", r"name stands twice"),
        ("cpu_ms: 4", "cpu_ms: .nan", r"is .\.nan.; give a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(reading.Unusable, match=says):
        calls.parse(GOOD.replace(old, new, 1), "f.yaml")


def test_a_missing_file_says_which_graphs_there_are() -> None:
    with pytest.raises(reading.Unusable, match="no such file or call graph; shipped are"):
        calls.load("no-such-file.yaml")


@pytest.mark.parametrize("name", calls.names())
def test_shipped_graphs_can_be_read_and_say_where_their_figures_come_from(name: str) -> None:
    graph = calls.load(name)
    assert graph.name == name
    assert graph.source


def test_the_test_graph_is_read() -> None:
    assert kit.graph().services["web"].workload == "shop/web"
