"""YAML as the API server reads it, and the decoding into Kubernetes' types."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import documents
from mela.cluster.admission import validation
from mela.cluster.admission.validation import objects
from mela.cluster.documents import Undecodable


def read(text: str) -> Any:
    return documents.read(text)[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("0755", 493),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b11", -3),
        ("1_000", 1000),
        ("08", 8.0),
        ("+5", 5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e400", "1e400"),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", float(2**64)),
        ("2026-01-31", "2026-01-31"),
        ("12:30:45", "12:30:45"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("!!float 3", 3.0),
        ("!!binary YQ==", "a"),
        ("!mine 5", "5"),
        ("- 1\n- [a, b]", [1, ["a", "b"]]),
        ("1: a\n1.5: b\ntrue: c", {"1": "a", "1.5": "b", "true": "c"}),
        ("a: &x {k: 1}\nb: *x", {"a": {"k": 1}, "b": {"k": 1}}),
        ("a: &x {k: 1}\nb:\n  <<: *x\n  l: 2", {"a": {"k": 1}, "b": {"k": 1, "l": 2}}),
        ("b:\n  <<: [{k: 1}, {k: 2, l: 3}]", {"b": {"k": 1, "l": 3}}),
        ("a: 1\n---\nb: 2", {"a": 1}),
    ],
)
def test_plain_text_means_what_yaml_1_1_says(text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: *unknown",
        "&a [*a]",
        "null: 1",
        "? [a]\n: 1",
        "18446744073709551615: x",
        "a: .inf",
        "a: .nan",
        "!!int x",
        "!!bool maybe",
        "!!binary '&'",
        "<<: 5",
        "a: 1\n b: 2",
        "[" * 300,
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "\n".join(f"{b}: &{b} [{','.join(['*' + a] * 9)}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(text: str) -> None:
    with pytest.raises(Undecodable, match=r"\w"):
        read(text)


def test_repeated_keys_are_told_with_their_line_and_the_last_one_wins() -> None:
    value, repeated = documents.read("a: 1\nb: {c: 1, c: 2}\na: 3\n1: v\n1: w\n")
    assert value == {"a": 3, "b": {"c": 2}, "1": "w"}
    assert repeated == [
        'line 2: key "c" already set in map',
        'line 3: key "a" already set in map',
        "line 5: key 1 already set in map",
    ]


def test_keys_of_different_types_are_not_repeated() -> None:
    assert documents.read("1: a\n'1': b\ntrue: c\n'true': d")[1] == []


@given(st.text(alphabet=st.sampled_from("a1:- \n'\"[]{},&*!|>#%@`~?<\t\u0939"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    verdict = validation.validate(text, "ConfigMap").verdict
    assert verdict in ("undecodable", "invalid", "strict and invalid")


@pytest.mark.parametrize(
    ("type_", "value", "decoded"),
    [
        ("int32", 3.0, 3),
        ("IntOrString", "25%", "25%"),
        ("IntOrString", 2, 2),
        ("bytes", "YQ==", b"a"),
        ("bytes", "Y\nQ==", b"a"),
        ("bytes", [97], b"a"),
        ("[]string", ["a", None], ["a", ""]),
        ("{}string", {"a": None}, {"a": ""}),
        ("Time", "2026-01-31T12:00:00.5+05:30", "2026-01-31T12:00:00.5+05:30"),
        ("KeyToPath", {"key": "a", "mode": None}, {"key": "a"}),
    ],
)
def test_values_are_decoded_by_type(type_: str, value: Any, decoded: Any) -> None:
    assert objects.Decoder().decode(type_, value, "x") == decoded


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("string", 5),
        ("string", True),
        ("bool", "true"),
        ("int32", "5"),
        ("int32", 1.5),
        ("int32", True),
        ("int32", 2**31),
        ("int64", 2**63),
        ("IntOrString", 1.5),
        ("Quantity", "1GB"),
        ("Quantity", []),
        ("bytes", "not base64!"),
        ("bytes", "YQ"),
        ("[]string", "a"),
        ("{}string", ["a"]),
        ("PodSpec", []),
        ("Time", "yesterday"),
        ("Time", "2026-02-31T12:00:00Z"),
    ],
)
def test_values_of_another_type_are_undecodable(type_: str, value: Any) -> None:
    with pytest.raises(Undecodable, match="x"):
        objects.Decoder().decode(type_, value, "x")


def test_unknown_fields_are_told_by_path_and_not_looked_into() -> None:
    decoder = objects.Decoder()
    decoder.decode("PodSpec", {"containers": [{"name": "a", "imagePullpolicy": {"x": 1}}], "sepc": 1})
    assert decoder.unknown == ["containers[0].imagePullpolicy", "sepc"]


def test_only_a_hundred_unknown_fields_are_told() -> None:
    decoder = objects.Decoder()
    decoder.decode("PodSpec", {f"x{number}": 1 for number in range(150)})
    assert len(decoder.unknown) == 100


@pytest.mark.parametrize(
    "head",
    [
        "kind: Gadget",
        "apiVersion: example.com/v9",
        "apiVersion: a/b/c",
        "apiVersion: 1",
        "Kind: Gadget",
        "- a",
        "text",
    ],
)
def test_another_kind_is_undecodable(head: str) -> None:
    assert validation.validate(head, "ConfigMap").verdict == "undecodable"


@pytest.mark.parametrize("head", ["", "apiVersion: v1", "kind: ConfigMap", "apiVersion: /v1", "KIND: ConfigMap"])
def test_kind_and_version_may_be_left_out(head: str) -> None:
    assert validation.validate(f"{head}\nmetadata: {{name: a}}", "ConfigMap").undecodable == ""


def test_an_empty_document_lacks_a_name() -> None:
    result = validation.validate("", "ConfigMap")
    assert [(error.field, error.type) for error in result.errors] == [("metadata.name", "FieldValueRequired")]
    assert str(result.errors[0]) == "metadata.name: name or generateName is needed"


def test_verdicts_join_strictness_and_errors() -> None:
    strict = "metadata: {name: a, lables: {}}"
    assert validation.validate("metadata: {name: a}", "ConfigMap").verdict == "valid"
    assert validation.validate(strict, "ConfigMap").verdict == "strict"
    assert (
        validation.validate(strict + "\nmetadata: {name: A_, name: A_, x: 1}", "ConfigMap").verdict
        == "strict and invalid"
    )
    assert validation.validate("metadata: {name: A_}", "ConfigMap").verdict == "invalid"
