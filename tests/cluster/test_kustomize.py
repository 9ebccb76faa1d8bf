"""Kustomizations become the objects that kustomize makes of them, with the lines of their resources."""

from pathlib import Path
from typing import Any

import pytest

from mela.cluster import manifests
from mela.cluster.manifests.kustomize import patches
from mela.cluster.manifests.kustomize.item import Broken
from mela.cluster.objects import System, dig

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
      containers:
        - name: web
          image: registry.example.org:5000/web:1.0
          args: [one, two]
          envFrom: [{configMapRef: {name: settings}}]
        - {name: side, image: side}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: web, namespace: other}, {kind: User, name: web}]
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: web}, spec: {podSelector: {matchLabels: {app: web}}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: all}, spec: {podSelector: {}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
"""
SETTINGS = "configMapGenerator: [{name: settings, literals: [a=1, 'b=\"two\"']}]\n"


def build(folder: Path, spec: str, **files: str) -> System:
    """The system of a folder whose kustomization is `spec`; `__` in file names is a slash."""
    for name, text in {"kustomization": spec, "web": WEB, **files}.items():
        path = folder / (name.replace("__", "/") + ("" if "." in name else ".yaml"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    [system] = manifests.read([str(folder)])
    return system


def get(system: System, type_: str, *path: str | int, name: str = "web", namespace: str = "default") -> Any:
    thing = system.find(type_, namespace, name)
    assert thing is not None, [thing.title for thing in system]
    return thing.get(*path)


POD = ("spec", "template", "spec")


def test_resources_keep_their_lines(tmp_path: Path) -> None:
    system = build(tmp_path, "resources: [web.yaml]\n")
    assert system.mishaps == ()
    service = system.find("Service", "default", "web")
    assert service is not None
    assert (service.source.file, service.line_of(("spec",))) == (str(tmp_path / "web.yaml"), 23)


def test_affixes_rename_objects_and_everything_that_refers_to_them(tmp_path: Path) -> None:
    system = build(tmp_path, "resources: [web.yaml]\nnamePrefix: p-\nnameSuffix: -s\n" + SETTINGS)
    found = {thing.title for thing in system}
    assert {"Deployment default/p-web-s", "Namespace shop"} <= found
    deployment = get(system, "Deployment", name="p-web-s")
    assert dig(deployment, *POD, "serviceAccountName") == "p-web-s"
    assert dig(deployment, *POD, "containers", 0, "envFrom", 0, "configMapRef", "name").startswith("p-settings-s-")
    binding = get(system, "RoleBinding", name="p-web-s")
    assert binding["roleRef"]["name"] == "p-reader-s"
    assert [subject["name"] for subject in binding["subjects"]] == ["p-web-s", "web"]


def test_a_namespace_moves_what_stands_in_one(tmp_path: Path) -> None:
    system = build(tmp_path, "resources: [web.yaml]\nnamespace: prod\n")
    assert {thing.namespace for thing in system} == {"prod", ""}
    assert [thing.name for thing in system.kind("Namespace")] == ["prod"]
    subjects = get(system, "RoleBinding", "subjects", namespace="prod")
    assert [subject.get("namespace") for subject in subjects] == ["prod", None]


def test_common_labels_reach_selectors_and_templates(tmp_path: Path) -> None:
    system = build(tmp_path, "resources: [web.yaml]\ncommonLabels: {env: prod}\n")
    both = {"app": "web", "env": "prod"}
    assert get(system, "Deployment", "spec", "selector", "matchLabels") == both
    assert get(system, "Deployment", "spec", "template", "metadata", "labels") == both
    assert get(system, "Deployment", *POD, "topologySpreadConstraints", 0, "labelSelector", "matchLabels") == both
    assert get(system, "Service", "spec", "selector") == both
    assert get(system, "NetworkPolicy", "spec", "podSelector", "matchLabels") == both
    assert get(system, "NetworkPolicy", "spec", "podSelector", name="all") == {}


@pytest.mark.parametrize(
    ("options", "selector", "template"),
    [("", False, False), ("includeTemplates: true", False, True), ("includeSelectors: true", True, True)],
)
def test_labels_go_as_far_as_they_are_told(tmp_path: Path, options: str, selector: bool, template: bool) -> None:
    system = build(tmp_path, f"resources: [web.yaml]\nlabels: [{{pairs: {{env: prod}}, {options}}}]\n")
    assert get(system, "Deployment", "metadata", "labels") == {"env": "prod"}
    assert ("env" in get(system, "Deployment", "spec", "selector", "matchLabels")) is selector
    assert ("env" in get(system, "Deployment", "spec", "template", "metadata", "labels")) is template


def test_annotations_images_and_replicas(tmp_path: Path) -> None:
    system = build(
        tmp_path,
        "resources: [web.yaml]\ncommonAnnotations: {team: shop}\nreplicas: [{name: web, count: 4}]\n"
        "images: [{name: 'registry.example.org:5000/web', newTag: '2.0'}, {name: side, newName: other/side, digest: 'sha256:ab'}]\n",
    )
    assert get(system, "Deployment", "spec", "template", "metadata", "annotations") == {"team": "shop"}
    assert get(system, "Deployment", "spec", "replicas") == 4
    images = [container["image"] for container in get(system, "Deployment", *POD, "containers")]
    assert images == ["registry.example.org:5000/web:2.0", "other/side@sha256:ab"]


def test_bases_and_components_are_built_in_layers(tmp_path: Path) -> None:
    system = build(
        tmp_path,
        "resources: [base]\nnamePrefix: p-\ncomponents: [extra]\n",
        base__kustomization="resources: [../web.yaml]\nnamePrefix: b-\n",
        extra__kustomization="kind: Component\npatches: [{target: {kind: Deployment, name: web}, patch: '[{op: remove, path: /spec/replicas}]'}]\n",
    )
    assert get(system, "Deployment", "spec", "replicas", name="p-b-web") is None
    assert get(system, "Deployment", *POD, "serviceAccountName", name="p-b-web") == "p-b-web"


def test_overlays_of_one_base_are_variants(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(f"resources: [../base]\ncommonLabels: {{env: {name}}}\n")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "web.yaml").write_text(WEB)
    (tmp_path / "base" / "kustomization.yaml").write_text("resources: [web.yaml]\n")
    systems = manifests.read([str(tmp_path)])
    assert [get(system, "Service", "spec", "selector", "env") for system in systems] == ["dev", "prod"]


def test_strategic_patches_merge_lists_by_their_key(tmp_path: Path) -> None:
    patch = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: null
  template:
    spec:
      containers:
        - {name: web, args: [three], env: [{name: A, value: "1"}]}
        - {name: side, $patch: delete}
        - {name: new, image: new}
"""
    system = build(tmp_path, "resources: [web.yaml]\npatchesStrategicMerge: [patch.txt]\n", **{"patch.txt": patch})
    assert get(system, "Deployment", "spec", "replicas") is None
    web, new = get(system, "Deployment", *POD, "containers")
    assert (web["image"], web["args"], new["name"]) == ("registry.example.org:5000/web:1.0", ["three"], "new")


def test_a_patch_can_delete_an_object_and_replace_a_map(tmp_path: Path) -> None:
    system = build(
        tmp_path,
        "resources: [web.yaml]\npatches:\n"
        "- patch: '{apiVersion: v1, kind: Service, metadata: {name: web}, $patch: delete}'\n"
        "- target: {group: apps, version: v1, name: 'w.*', labelSelector: 'tier=front'}\n  patch: '{spec: {replicas: 9}}'\n"
        "- target: {kind: NetworkPolicy}\n  patch: '{spec: {podSelector: {$patch: replace, matchLabels: {b: c}}}}'\n",
    )
    assert system.kind("Service") == ()
    assert get(system, "Deployment", "spec", "replicas") == 1
    assert get(system, "NetworkPolicy", "spec", "podSelector") == {"matchLabels": {"b": "c"}}


def test_json_patches_reach_their_target(tmp_path: Path) -> None:
    spec = "resources: [web.yaml]\npatchesJson6902: [{target: {kind: Service, name: web}, path: patch.json}]\n"
    system = build(tmp_path, spec, **{"patch.json": '[{"op": "replace", "path": "/spec/ports/0/port", "value": 81}]'})
    assert get(system, "Service", "spec", "ports") == [{"port": 81}]


def test_generated_names_change_with_their_content(tmp_path: Path) -> None:
    spec = "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=%s]}]\n"
    first, second = (build(tmp_path, spec % value).kind("ConfigMap")[0].name for value in ("1", "2"))
    assert first != second
    assert first.startswith("settings-")


def test_generators_read_literals_files_and_env_files(tmp_path: Path) -> None:
    system = build(
        tmp_path,
        "generatorOptions: {disableNameSuffixHash: true, labels: {made: 'yes'}}\n"
        "configMapGenerator: [{name: c, namespace: shop, files: [some.txt, other=some.txt, raw.bin], envs: [vars.env]}]\n"
        "secretGenerator: [{name: s, type: kubernetes.io/tls, literals: [a=b=c]}]\n",
        **{"some.txt": "text", "vars.env": "# a comment\nA=1\n\nB=two=2\n", "raw.bin": "x"},
    )
    (tmp_path / "raw.bin").write_bytes(b"\xff")
    [system] = manifests.read([str(tmp_path)])
    assert get(system, "ConfigMap", "data", name="c", namespace="shop") == {
        "some.txt": "text",
        "other": "text",
        "A": "1",
        "B": "two=2",
    }
    assert get(system, "ConfigMap", "binaryData", name="c", namespace="shop") == {"raw.bin": "/w=="}
    assert get(system, "ConfigMap", "metadata", "labels", name="c", namespace="shop") == {"made": "yes"}
    assert get(system, "Secret", "data", name="s") == {"a": "Yj1j"}
    assert get(system, "Secret", "type", name="s") == "kubernetes.io/tls"


@pytest.mark.parametrize(("behavior", "data"), [("merge", {"a": "1", "b": "two", "c": "3"}), ("replace", {"c": "3"})])
def test_a_generator_can_change_what_a_base_generated(tmp_path: Path, behavior: str, data: dict[str, str]) -> None:
    spec = f"resources: [base]\nconfigMapGenerator: [{{name: settings, behavior: {behavior}, literals: [c=3]}}]\n"
    system = build(tmp_path, spec, base__kustomization=SETTINGS)
    assert [thing.get("data") for thing in system.kind("ConfigMap")] == [data]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("resources: [missing.yaml]", "missing.yaml is not there"),
        ("resources: [.]", "includes itself"),
        ("resources: [empty]", "has no kustomization.yaml"),
        ("resources: web.yaml", "must be a list"),
        ("patches: [{}]", "neither"),
        ("patches: [{path: missing.yaml}]", "cannot be opened"),
        ("patches: [{patch: '{kind: Service, metadata: {name: nobody}}'}]", "not among the resources"),
        (
            "resources: [web.yaml]\npatches: [{target: {kind: Service}, patch: '[{op: remove, path: /a/b}]'}]",
            "cannot remove /a/b",
        ),
        ("patches: [{target: {kind: '('}, patch: '[]'}]\nresources: [web.yaml]", "no regular expression"),
        ("patches: [{patch: 'a: ['}]", "cannot be read"),
        ("configMapGenerator: [{name: a, literals: [text]}]", "has no `=`"),
        ("configMapGenerator: [{name: a, behavior: merge}]", "to merge"),
        ("images: [text]\nresources: [web.yaml]", "another type"),
        ("resources: [", "not YAML"),
        ("- a", "is a map"),
    ],
)
def test_what_cannot_be_built_says_why(tmp_path: Path, spec: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    system = build(tmp_path, spec)
    assert [found.rule for found in system.mishaps] == ["kustomization-broken"]
    assert says in system.mishaps[0].says


@pytest.mark.parametrize(
    "spec", ["resources: ['https://example.org/base']", "vars: [{name: A}]", "helmCharts: [{name: shop}]"]
)
def test_what_is_not_followed_is_told(tmp_path: Path, spec: str) -> None:
    system = build(tmp_path, spec + "\n" + SETTINGS)
    assert [found.rule for found in system.mishaps] == ["kustomization-incomplete"]
    assert len(system.kind("ConfigMap")) == 1


def test_mishaps_in_resources_are_kept(tmp_path: Path) -> None:
    system = build(tmp_path, "resources: [web.yaml, bad.yaml]\n", bad="kind: [")
    assert [(found.rule, found.source.file) for found in system.mishaps] == [("unreadable", str(tmp_path / "bad.yaml"))]


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/list/-", "value": 3}, {"list": [1, 2, 3], "a/b": 1}),
        ({"op": "add", "path": "/list/0", "value": 0}, {"list": [0, 1, 2], "a/b": 1}),
        ({"op": "remove", "path": "/list/1"}, {"list": [1], "a/b": 1}),
        ({"op": "replace", "path": "/a~1b", "value": 2}, {"list": [1, 2], "a/b": 2}),
        ({"op": "move", "from": "/a~1b", "path": "/c"}, {"list": [1, 2], "c": 1}),
        ({"op": "copy", "from": "/list/0", "path": "/c"}, {"list": [1, 2], "a/b": 1, "c": 1}),
        ({"op": "test", "path": "/list/0", "value": 1}, {"list": [1, 2], "a/b": 1}),
        ({"op": "add", "path": "", "value": {"new": 1}}, {"new": 1}),
    ],
)
def test_json_patch_operations(operation: dict[str, Any], result: dict[str, Any]) -> None:
    target = {"list": [1, 2], "a/b": 1}
    assert patches.apply(target, [operation]) == result
    assert target == {"list": [1, 2], "a/b": 1}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "replace", "path": "/list/2", "value": 1},
        {"op": "test", "path": "/list/0", "value": 2},
        {"op": "jump", "path": "/list"},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "add", "path": "", "value": 3},
        {"op": "add", "value": 3},
    ],
)
def test_json_patches_that_do_not_fit_are_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        patches.apply({"list": [1, 2]}, [operation])


def test_kustomizations_that_include_each_other_are_told_once_each(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kustomization.yaml").write_text(f"resources: [../{other}]\n")
    [system] = manifests.read([str(tmp_path)])
    assert [found.rule for found in system.mishaps] == ["kustomization-broken"] * 2


def test_patches_of_a_broken_kustomization_are_not_taken_for_objects(tmp_path: Path) -> None:
    system = build(tmp_path, "resources: [gone.yaml]\npatches: [{path: web.yaml}]\n")
    assert system.objects == ()


def test_patches_of_a_component_that_nobody_includes_are_not_taken_for_objects(tmp_path: Path) -> None:
    system = build(
        tmp_path,
        SETTINGS.replace("settings", "other"),
        extra__kustomization="kind: Component\npatches: [{path: delete.yaml}]\n",
        extra__delete="apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gone}\n$patch: delete\n",
    )
    assert {thing.name for thing in system.kind("Deployment")} == {"web"}


def test_a_patch_may_mean_what_a_remote_resource_would_bring(tmp_path: Path) -> None:
    spec = "resources: ['https://example.org/base']\npatches: [{patch: '{kind: Service, metadata: {name: theirs}}'}]\n"
    assert [found.rule for found in build(tmp_path, spec).mishaps] == ["kustomization-incomplete"]


def test_objects_of_flux_in_a_file_of_that_name_are_objects(tmp_path: Path) -> None:
    system = build(
        tmp_path, "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n"
    )
    assert system.objects[0].type == "Kustomization.kustomize.toolkit.fluxcd.io"


def test_a_file_that_no_kustomization_names_is_still_read(tmp_path: Path) -> None:
    system = build(tmp_path, SETTINGS)
    assert system.find("Deployment", "default", "web") is not None


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("configMapGenerator: [{name: conf, literals: [a=b]}]", "conf-4h2mbtbbt6"),
        ('configMapGenerator: [{name: conf, literals: [a=b, "c=\'x<y\'", \'d="q"\', "e=\'half"]}]', "conf-27hc4md2b8"),
        ("configMapGenerator: [{name: nothing}]", "nothing-6ct58987ht"),
        ("secretGenerator: [{name: sec, literals: [a=b]}]", "sec-k695gkmbtk"),
        ("secretGenerator: [{name: t, type: kubernetes.io/tls, literals: [a=b]}]", "t-92982c4m8f"),
    ],
)
def test_generated_names_are_those_of_kustomize(tmp_path: Path, entry: str, name: str) -> None:
    """Names that `kubectl kustomize` (kustomize v5.5.0) gave to the same entries on 2026-11-23."""
    assert build(tmp_path, entry).kind("ConfigMap", "Secret")[0].name == name


def test_items_that_a_patch_brings_come_first(tmp_path: Path) -> None:
    patch = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: new, image: n}, {name: side}]}}}}"
    system = build(tmp_path, f"resources: [web.yaml]\npatches: [{{patch: '{patch}'}}]\n")
    assert [container["name"] for container in get(system, "Deployment", *POD, "containers")] == ["new", "side", "web"]
