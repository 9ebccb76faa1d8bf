"""Objects know their lines, systems find their objects."""

import pytest

from mela.cluster import manifests
from mela.cluster.objects import Object, Source, System

SHOP = """\
# a comment
apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app.kubernetes.io/name: web, sale: "on"}
spec:
  ports:
    - port: 80
      targetPort: http
    - {port: 443, targetPort: https}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {count: "3"}}
spec:
  template: &template
    metadata: {labels: {app: web}}
  other:
    <<: *template
    extra: 0755
"""


@pytest.fixture(name="system")
def _system() -> System:
    return manifests.parse(SHOP, "shop.yaml")


def test_objects_stand_where_their_first_field_stands(system: System) -> None:
    assert [thing.source for thing in system] == [Source("shop.yaml", line) for line in (2, 13, 17)]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("metadata", "name"), 5),
        (("metadata", "labels", "app.kubernetes.io/name"), 6),
        (("spec", "ports"), 8),
        (("spec", "ports", 0), 9),
        (("spec", "ports", 0, "targetPort"), 10),
        (("spec", "ports", 1, "port"), 11),
        (("spec", "selector", "app"), 7),
        (("spec", "ports", 7), 8),
        (("spec", "ports", "name"), 8),
        (("metadata", "name", "deeper"), 5),
    ],
)
def test_the_line_of_a_field_is_its_own_or_that_of_the_nearest_above(
    system: System, path: tuple[str | int, ...], line: int
) -> None:
    assert system.objects[0].line_of(path) == line


def test_lines_are_found_through_anchors_and_merges(system: System) -> None:
    deployment = system.objects[2]
    assert deployment.line_of(("spec", "other", "extra")) == 25
    assert deployment.line_of(("spec", "other", "metadata", "labels", "app")) == 22


def test_a_scalar_is_shown_as_it_was_written(system: System) -> None:
    deployment = system.objects[2]
    assert deployment.written(("spec", "other", "extra")) == "0755"
    assert deployment.get("spec", "other", "extra") == 0o755
    assert deployment.written(("spec", "missing")) == deployment.written(("spec",)) == ""


def test_an_object_without_a_text_has_the_line_of_its_source() -> None:
    thing = Object.of({"apiVersion": "v1", "kind": "Pod"}, Source("made", 7))
    assert (thing.line_of(("spec", "containers")), thing.written(("kind",))) == (7, "")


def test_a_namespaced_object_without_a_namespace_is_in_default(system: System) -> None:
    assert [thing.title for thing in system] == ["Service default/web", "Namespace shop", "Deployment shop/web"]


def test_identities_find_objects(system: System) -> None:
    service, namespace, deployment = system
    assert system.find("Service", "default", "web") is service
    assert system.find("Namespace", "", "shop") is namespace
    assert system.find("Service", "shop", "web") is None
    assert system.within("shop") == (deployment,)
    assert system.namespaces == {"shop", "default"}


def test_kinds_of_other_groups_are_told_apart() -> None:
    system = manifests.parse(
        "{apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n"
        "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: b}}\n---\n"
        "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: c}}\n"
    )
    assert [thing.name for thing in system.kind("Service")] == ["a"]
    assert [thing.name for thing in system.kind("Service.serving.knative.dev", "Gateway")] == ["b", "c"]


def test_of_two_objects_with_one_identity_the_first_is_found() -> None:
    system = manifests.parse(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, count: 1}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a}, count: 2}"
    )
    assert len(system) == 2
    found = system.find("Pod", "default", "a")
    assert found is not None
    assert found.get("count") == 1


def test_odd_metadata_is_read_as_far_as_it_is_text() -> None:
    thing = Object.of(
        {"apiVersion": 1, "kind": ["x"], "metadata": {"name": 3, "labels": {"a": 1, "b": "2"}}}, Source("f")
    )
    assert (thing.kind, thing.name, dict(thing.labels), dict(thing.annotations)) == ("", "", {"b": "2"}, {})
    assert Object.of({"metadata": "text"}, Source("f")).title == ""


def test_values_are_dug_only_where_the_way_exists(system: System) -> None:
    service = system.objects[0]
    assert service.get("spec", "ports", 1, "port") == 443
    for path in (("spec", "ports", 2, "port"), ("spec", "ports", "port"), ("metadata", "name", "x"), ("a", 0)):
        assert service.get(*path) is None
