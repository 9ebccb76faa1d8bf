"""Texts, files and folders become systems; whatever cannot be read becomes a sentence."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import manifests
from mela.cluster.manifests import charts, texts
from mela.cluster.objects import Mishap, Object, System

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"


def mishaps(text: str) -> list[tuple[str, int, str]]:
    return [(found.rule, found.source.line, found.says) for found in manifests.parse(text).mishaps]


def names(system: System) -> list[str]:
    return [thing.name for thing in system]


# ---- texts


def test_documents_are_read_in_their_order_with_their_lines() -> None:
    system = manifests.parse("---\n" + POD % "a" + "--- # next\n" + POD % "b" + "---\n\n# nothing\n---\n" + POD % "c")
    assert [(thing.name, thing.source.line) for thing in system] == [("a", 2), ("b", 6), ("c", 13)]


def test_a_broken_document_hides_no_other() -> None:
    text = POD % "a" + "---\nkind: [\n---\n" + POD % "b"
    assert names(manifests.parse(text)) == ["a", "b"]
    assert [(rule, line) for rule, line, _ in mishaps(text)] == [("unreadable", 6)]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("apiVersion: v1\nkind: Pod\n\tname: x", 3, "tab"),
        ("a: *nothing", 1, "anchor"),
        ("a: &a [*a]", 1, "contains itself"),
        ("[" * 100_000, 1, "levels deep"),
        ('{"a":' * 100_000, 1, "levels deep"),
        ("- " * 100_000, 1, "levels deep"),
        ('a: "\x01"', 1, "control characters"),
        ("a: &a " + "x" * 99 + "".join(f"\n{c}: &{c} [{','.join(['*' + p] * 9)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)), 1, "repeats itself"),
        ("kind: Pod\nmetadata: {}\n", 1, "apiVersion is missing"),
        ("\napiVersion: v1\nkind: 3\nmetadata: {}\n", 2, "kind is missing or no text"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_sentence_with_a_line(text: str, line: int, says: str) -> None:
    [(_, found, said)] = mishaps(text)
    assert found == line
    assert says in said
    assert "\n" not in said


def test_repeated_keys_are_told_with_their_line() -> None:
    assert mishaps("# shop\n" + POD % "a" + "kind: Pod\n") == [("repeated-key", 5, 'key "kind" already set in map')]


def test_texts_that_are_no_objects_are_passed_over() -> None:
    index = "apiVersion: v1\nentries: {}\n---\napiVersion: v1\nkind: PodList\nitems: null\n---\n"
    system = manifests.parse(index + "replicas: 3\n---\n- a\n- b\n---\ntext\n---\n# only a comment\n")
    assert (system.objects, system.mishaps) == ((), ())


def test_lists_are_opened_and_their_items_know_their_lines() -> None:
    system = manifests.parse(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n"
        "- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n- text\n- {kind: Pod, metadata: {}}\n"
    )
    assert [(thing.name, thing.source.line, thing.line_of(("metadata", "name"))) for thing in system] == [
        ("a", 4, 7),
        ("b", 11, 11),
    ]
    assert [found.source.line for found in system.mishaps] == [13]


def test_json_may_hold_what_yaml_may_not() -> None:
    text = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"smile": "\\ud83d\\ude00"}}'
    [thing] = manifests.parse(text)
    assert thing.get("data", "smile") == "😀"
    assert [rule for rule, _, _ in mishaps('{"apiVersion": "v1", "kind": "a" "b"}')] == ["unreadable"]


def test_a_document_over_its_bound_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST_DOCUMENT", 100)
    assert [rule for rule, _, _ in mishaps(POD % ("a" * 100) + "---\n" + POD % "b")] == ["unreadable"]


def test_bytes_that_are_not_utf8_are_told_with_their_line() -> None:
    assert texts.decode("नमस्ते".encode(), "f") == "नमस्ते"
    assert texts.decode(b"\xef\xbb\xbfkind: Pod", "f") == "kind: Pod"
    found = texts.decode(b"a: 1\nb: \xff\n", "f")
    assert isinstance(found, Mishap)
    assert (found.source.line, found.says) == (2, "byte 0xff is not UTF-8")


def test_a_hundred_megabytes_are_a_sentence() -> None:
    found = texts.decode(b"a" * (100 * 2**20), "f")
    assert isinstance(found, Mishap)
    assert found.says == "it has more than 64 MiB"


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for thing in texts.read(text, "f"):
        assert isinstance(thing, Object | Mishap)


_PIECES = [*"ab:-[]{}&*!|>'\"#%@,?~ \n\t<", "\n---\n", "kind: Pod\n", "apiVersion: v1\n", "items:\n"]
_YAML = st.lists(st.sampled_from(_PIECES), max_size=60).map("".join)


@given(_YAML)
def test_any_yaml_like_text_is_read_and_its_lines_lie_inside_it(text: str) -> None:
    for thing in texts.read(text, "f"):
        assert 1 <= thing.source.line <= text.count("\n") + 2
        if isinstance(thing, Object):
            assert thing.line_of(("metadata", "name")) >= 1


@given(st.binary(max_size=100))
def test_any_bytes_are_text_or_a_sentence(raw: bytes) -> None:
    assert isinstance(texts.decode(raw, "f"), str | Mishap)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text("ab é\n:#-", max_size=8),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text("abc./", min_size=1, max_size=5), below, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), _VALUES, max_size=4))
def test_what_was_written_is_read_back_from_yaml_and_json(spec: dict[str, object]) -> None:
    written = {"apiVersion": "v1", "kind": "Pod", "spec": spec}
    for text in (yaml.safe_dump(written, allow_unicode=True), json.dumps(written), json.dumps(written, indent=2)):
        [thing] = manifests.parse(text)
        assert thing.data == written


# ---- files and folders


def put(folder: Path, **files: str) -> None:
    """Write files; `__` in a name is a slash, `_yaml` its ending."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_a_folder_is_one_system_of_all_its_files(tmp_path: Path) -> None:
    put(tmp_path, a_yaml=POD % "a", b_json=json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}))
    put(
        tmp_path,
        deep__c_yaml=POD % "c",
        values_yaml="replicas: [",
        notes="apiVersion: v1",
        node_modules__d_yaml=POD % "d",
    )
    put(tmp_path, **{".hidden__e_yaml": POD % "e"})
    [system] = manifests.read([str(tmp_path)], version="1.30")
    assert (names(system), system.version, system.mishaps) == (["a", "b", "c"], "1.30", ())


def test_folders_with_the_same_names_are_variants_with_what_is_common(tmp_path: Path) -> None:
    put(
        tmp_path,
        base_yaml=POD % "base",
        dev__a_yaml=POD % "web",
        dev__x__b_yaml=POD % "db",
        prod__a_yaml=POD % "web",
        prod__x__b_yaml=POD % "db",
    )
    assert [names(system) for system in manifests.read([str(tmp_path)])] == [
        ["base", "web", "db"],
        ["base", "web", "db"],
    ]


def test_the_same_name_twice_in_one_file_or_among_named_files_is_no_variant(tmp_path: Path) -> None:
    put(tmp_path, both_yaml=POD % "web" + "---\n" + POD % "web", other_yaml=POD % "web")
    assert [names(system) for system in manifests.read([str(tmp_path / "both.yaml")])] == [["web", "web"]]
    paths = [str(tmp_path / name) for name in ("both.yaml", "other.yaml")]
    assert [names(system) for system in manifests.read(paths)] == [["web", "web", "web"]]


def test_files_of_one_folder_with_the_same_names_are_variants(tmp_path: Path) -> None:
    put(tmp_path, install_yaml=POD % "web", install_ha_yaml=POD % "web", namespace_yaml=POD % "common")
    assert [names(system) for system in manifests.read([str(tmp_path)])] == [["common", "web"], ["common", "web"]]


def test_variants_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MOST_VARIANTS", 3)
    put(tmp_path, **{f"v{number}_yaml": POD % "web" for number in range(9)})
    assert [len(system) for system in manifests.read([str(tmp_path)])] == [1, 1, 7]


def test_named_files_and_standard_input_are_read_together(tmp_path: Path) -> None:
    put(tmp_path, a_yaml=POD % "a", broken_yaml="kind: [")
    [system] = manifests.read([str(tmp_path / "a.yaml"), "-", str(tmp_path / "broken.yaml")], stdin=(POD % "b").encode)
    assert sorted(names(system)) == ["a", "b"]
    assert [found.source.file for found in system.mishaps] == [str(tmp_path / "broken.yaml")]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        manifests.read([str(tmp_path / "nowhere")])


def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    put(tmp_path, a_yaml=POD % "a")
    (tmp_path / "b.yaml").mkdir()
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    assert names(manifests.read([str(tmp_path)])[0]) == ["a"]


def test_a_device_without_an_end_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST_FILE", 2**20)
    [system] = manifests.read(["/dev/zero"])
    assert [found.says for found in system.mishaps] == ["it has more than 1 MiB"]


def test_custom_kinds_stand_where_their_crd_says() -> None:
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: zones.example.org}\n"
    crd += "spec: {group: example.org, scope: Cluster, names: {kind: Zone}}\n---\n"
    system = manifests.parse(crd + "apiVersion: example.org/v1\nkind: Zone\nmetadata: {name: a}\n")
    assert [thing.title for thing in system] == ["CustomResourceDefinition zones.example.org", "Zone a"]


# ---- charts


def test_a_chart_is_named_when_helm_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(
        tmp_path,
        shop__Chart_yaml="apiVersion: v2\nname: shop\n",
        shop__templates__web_yaml="{{ apiVersion }}",
        a_yaml=POD % "a",
    )
    monkeypatch.setenv("PATH", str(tmp_path))
    [system] = manifests.read([str(tmp_path)])
    assert names(system) == ["a"]
    assert [(found.rule, found.says) for found in system.mishaps] == [("chart-not-rendered", "helm is not installed")]


def _install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called helm that does what `script` says."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "helm"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def test_rendered_objects_are_told_by_their_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, charts__shop__Chart_yaml="apiVersion: v2\nname: shop\n")
    rendered = "---\n# Source: shop/templates/web.yaml\n" + POD % "web"
    _install(tmp_path, f"cat <<'END'\n{rendered}END", monkeypatch)
    [thing] = manifests.read([str(tmp_path / "charts")])[0]
    assert (thing.name, thing.source.file) == ("web", str(tmp_path / "charts/shop/templates/web.yaml"))


def test_what_helm_complains_about_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, charts__shop__Chart_yaml="apiVersion: v2\nname: shop\n")
    _install(tmp_path, "echo 'Error: no version' >&2; exit 1", monkeypatch)
    [system] = manifests.read([str(tmp_path / "charts")])
    assert [found.says for found in system.mishaps] == ["Error: no version"]


def test_helm_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "LONGEST_S", 0.1)
    _install(tmp_path, "exec sleep 30", monkeypatch)
    [found] = charts.render(tmp_path)
    assert isinstance(found, Mishap)
    assert "took longer" in found.says
