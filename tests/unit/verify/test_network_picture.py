"""The table and the picture of reachability."""

import xml.etree.ElementTree as ET

from mela.cluster.checks import RULES, every
from mela.verify import examples
from mela.verify.report import network

every()
SVG = "{http://www.w3.org/2000/svg}"


def test_the_table_says_what_is_closed_and_by_whom() -> None:
    rows = network.rows(examples.system(RULES["call-blocked"].bad))
    assert rows == [("shop/web", "shop/catalog", "8080/TCP", "declared", "NO", "catalog")]


def test_the_picture_is_sound_and_says_each_line_in_words() -> None:
    drawn = ET.fromstring(network.picture(examples.system(RULES["call-not-needed"].bad)))  # noqa: S314 - our own
    titles = [each.text for each in drawn.iter(f"{SVG}title")]
    assert titles == [
        "shop/web to shop/catalog, 8080/TCP: open, but not needed",
        "shop/web",
        "shop/catalog",
    ]


def test_who_is_open_to_anybody_has_a_broken_frame_and_no_line() -> None:
    text = RULES["call-blocked"].good.partition("---\napiVersion: networking")[0]
    drawn = ET.fromstring(network.picture(examples.system(text)))  # noqa: S314 - our own
    titles = [each.text or "" for each in drawn.iter(f"{SVG}title")]
    assert "shop/web: may call anybody" in titles
    assert "shop/catalog: anybody may call it" in titles
    assert len(list(drawn.iter(f"{SVG}path"))) == 1


def test_a_long_name_keeps_its_ends_and_stands_in_the_title() -> None:
    name = "a" * 40 + "z" * 20
    text = RULES["call-blocked"].bad.replace("name: web, namespace", f"name: {name}, namespace")
    drawn = ET.fromstring(network.picture(examples.system(text)))  # noqa: S314 - our own
    assert f"shop/{name}" in [each.text for each in drawn.iter(f"{SVG}title")]
    assert "shop/aaaaaaaaaaaaa…" + "z" * 18 in [each.text for each in drawn.iter(f"{SVG}text")]


def test_a_call_that_is_declared_and_named_is_told_once() -> None:
    text = RULES["call-blocked"].good
    named = text.replace("image:", "env: [{name: CATALOG, value: 'http://catalog:80'}], image:")
    assert named != text
    assert [row[3] for row in network.rows(examples.system(named)) if row[:2] == ("shop/web", "shop/catalog")] == [
        "declared"
    ]


def test_names_cannot_break_the_picture() -> None:
    text = RULES["call-blocked"].bad.replace("name: web, namespace", "name: '<script>&', namespace")
    assert "&lt;script&gt;&amp;" in network.picture(examples.system(text))
    ET.fromstring(network.picture(examples.system(text)))  # noqa: S314 - our own


def test_a_system_without_pods_has_an_empty_picture() -> None:
    system = examples.system("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    assert network.rows(system) == []
    ET.fromstring(network.picture(system))  # noqa: S314 - our own
