"""What `kubernetes/` promises of every manifest, held without a cluster: `mela verify` in silence, and what no rule of it demands."""

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from mela.cluster import manifests, networkpolicy, quantity, reachability, workloads
from mela.cluster.networkpolicy import Pod
from mela.cluster.objects import System, dig
from mela.cluster.workloads import Workload
from mela.runtime import keys, registry
from mela.verify import run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "kubernetes"
FILES = sorted(
    str(file)
    for file in (*FOLDER.glob("[0-9][0-9]-*.yaml"), *FOLDER.glob("[0-9][0-9]-*/*.yaml"))
    if "kind" in next(yaml.safe_load_all(file.read_text(encoding="utf-8")))
)
SMALL = str(FOLDER / "overlays" / "small")
NAMES = [Path(file).stem for file in FILES]
VERSIONS = ["1.28", "1.36"]


@cache
def read(*paths: str, version: str = "1.36") -> System:
    (system,) = manifests.read(paths, version=version)
    return system


def all_workloads(*kinds: str) -> list[Workload]:
    return [each for each in workloads.of(read(*FILES)).all if not kinds or each.type in kinds]


def serving() -> list[Workload]:
    return all_workloads("Deployment", "StatefulSet")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("paths", [*([file] for file in FILES), FILES, [SMALL]], ids=[*NAMES, "all", "small"])
def test_verify_has_nothing_to_say(paths: list[str], version: str) -> None:
    report = run.check(manifests.read(paths, version=version))
    assert [(found.rule, found.object.title, found.says) for found in report.findings] == []
    assert report.ignored == ()
    assert report.objects >= 10


@pytest.mark.parametrize("paths", [FILES, [SMALL]], ids=["all", "small"])
def test_every_call_is_declared_and_open_and_nothing_else_is(paths: list[str]) -> None:
    links = reachability.links(read(*paths))
    assert [link for link in links if not link.is_open or not link.need] == []
    declared = {(link.source, link.target, link.port) for link in links if link.need == "declared"}
    assert {(link.source, link.target, link.port) for link in links} == declared


def test_the_declared_calls_are_those_of_the_registry() -> None:
    """Calls of contracts, and events from whom emits to whom hears."""
    running = {name: each for each in all_workloads("Deployment") for name in _services(each)}
    network = reachability.of(read(*FILES))
    declared = {(call.source, to) for call in network.calls for to in call.to}
    for entry in registry.ENTRIES.values():
        if entry.optional and entry.name not in running:
            continue
        for used in entry.uses:
            assert (running[entry.name], running[used]) in declared, f"{entry.name} calls {used}"
        for source in registry.sources(entry.name):
            assert (running[source], running[entry.name]) in declared, f"{source} tells {entry.name}"


def _services(workload: Workload) -> list[str]:
    """The services that a workload of a whole purchase runs; the stand-in of the live match is none."""
    args = workload.running[0].data.get("args", [])
    return args[1:] if args[:1] == ["serve"] and workload.namespace != "streaming" else []


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_namespace_is_declared_in_its_file_and_restricted(file: str) -> None:
    system = read(file)
    declared = {each.name: each.labels.get("pod-security.kubernetes.io/enforce") for each in system.kind("Namespace")}
    assert set(declared.values()) == {"restricted"}
    assert system.namespaces - {""} == declared.keys()


def test_every_pod_is_numeric_read_only_and_writes_to_an_explicit_tmp() -> None:
    for each in all_workloads():
        assert dig(each.spec, "securityContext", "runAsUser") >= 999, each.title
        assert dig(each.spec, "securityContext", "seccompProfile", "type") == "RuntimeDefault", each.title
        asks_the_api_server = each.object.name in ("keys", "predict")
        assert each.spec.get("automountServiceAccountToken") is asks_the_api_server, each.title
        for container in each.containers:
            assert dig(container.data, "securityContext", "readOnlyRootFilesystem") is True, each.title
            assert dig(container.data, "securityContext", "capabilities") == {"drop": ["ALL"]}, each.title
            assert "/tmp" in [mount["mountPath"] for mount in container.data["volumeMounts"]], each.title  # noqa: S108


def test_every_container_asks_for_what_it_needs_and_is_bounded() -> None:
    for each in all_workloads():
        for container in each.containers:
            resources = container.data["resources"]
            for name in ("cpu", "memory"):
                assert 0 < _amount(resources["requests"][name]) <= _amount(resources["limits"][name]), each.title


def _amount(text: Any) -> int:
    return quantity.milli_value(quantity.parse(str(text)))


def test_every_server_is_asked_three_questions_that_differ() -> None:
    for each in serving():
        (container,) = each.running
        questions = [container.data[f"{name}Probe"] for name in ("startup", "liveness", "readiness")]
        patience = [probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3) for probe in questions]
        assert questions[1] != questions[2], each.title
        assert patience[0] >= 60, f"{each.title} may start slowly"
        assert patience[1] >= 2 * patience[2], f"{each.title} is restarted later than it is spared"


def test_every_server_finishes_what_is_under_way() -> None:
    for each in serving():
        assert dig(each.running[0].data, "lifecycle", "preStop"), each.title
        assert each.spec["terminationGracePeriodSeconds"] >= 45, each.title


def test_every_deployment_is_spread_and_has_one_budget_that_fits_its_sizes() -> None:
    system = read(*FILES)
    found = workloads.of(system)
    for each in all_workloads("Deployment"):
        keys_ = [term["topologyKey"] for term in each.spec["topologySpreadConstraints"]]
        assert "topology.kubernetes.io/zone" in keys_, each.title
        budgets = [
            budget for budget in system.kind("PodDisruptionBudget")
            if each in found.chosen(budget.namespace, workloads.selector(budget.get("spec", "selector")))
        ]  # fmt: skip
        assert len(budgets) == 1, each.title
        assert budgets[0].get("spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow"
        assert each.object.get("spec", "strategy", "rollingUpdate", "maxUnavailable") == 0, each.title


def test_every_pod_is_closed_in_both_directions_and_may_ask_the_dns() -> None:
    network = reachability.of(read(*FILES))
    dns = Pod("kube-system", "dns", {"k8s-app": "kube-dns"})
    stranger = Pod("elsewhere", "stranger", {"app": "stranger"})
    for each in network.pods:
        assert network.to_pod(each, dns, 53, "UDP").egress.allowed, each.title
        assert network.to_pod(each, dns, 53, "TCP").egress.allowed, each.title
        assert not network.to_pod(each, stranger, 3000, "TCP").egress.allowed, each.title
        flow = networkpolicy.Flow(stranger, network.pods[each], 3000, "TCP")
        assert not networkpolicy.decide(flow, network.selecting(each), network.namespaces).ingress.allowed, each.title


def test_every_image_has_a_version_and_ours_is_this_one() -> None:
    from mela import __version__

    images = {container.data["image"] for each in all_workloads() for container in each.containers}
    assert images == {f"mela:{__version__}", "postgres:15-bookworm"}


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_every_secret_stands_empty_and_is_filled_by_the_plan_of_its_namespace(file: str) -> None:
    system = read(file)
    empty = {
        f"{each.namespace}/{each.name}"
        for each in system.kind("Secret")
        if not (set(each.data) & {"data", "stringData"})
    }
    assert len(empty) == len(system.kind("Secret"))
    plans = [
        keys.parse(yaml.safe_load(each.get("data", "plan.yaml")))
        for each in system.kind("ConfigMap")
        if each.name == "keys"
    ]
    filled = {row.into for row in itertools.chain(*plans)}
    used = {f"{each.namespace}/{slot}" for each in workloads.of(system).all for slot in _slots(each)}
    assert used <= filled
    assert empty <= {slot.rpartition("/")[0] for slot in filled}


def _slots(workload: Workload) -> list[str]:
    """Keys of Secrets that the pod's volumes name, as secret/key."""
    found = []
    for volume in workload.spec.get("volumes", ()):
        sources = [volume.get("secret"), *(each.get("secret") for each in dig(volume, "projected", "sources") or ())]
        for source in filter(None, sources):
            name = source.get("secretName") or source.get("name")
            found += [f"{name}/{item['key']}" for item in source.get("items", ())]
    return found


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_job_may_touch_the_secrets_of_its_plan_and_no_others(file: str) -> None:
    """In its own namespace; in others by the Roles of their files."""
    whole, system = read(*FILES), read(file)
    for plan in (each for each in system.kind("ConfigMap") if each.name == "keys"):
        rows = keys.parse(yaml.safe_load(plan.get("data", "plan.yaml")))
        written = {row.into.rpartition("/")[0] for row in rows}
        read_ = {source.rpartition("/")[0] for row in rows for source in row.sources}
        granted = {verb: set[str]() for verb in ("get", "patch")}
        for binding in whole.kind("RoleBinding"):
            if {"kind": "ServiceAccount", "name": "keys", "namespace": plan.namespace} not in binding.get("subjects"):
                continue
            role = whole.find("Role", binding.namespace, binding.get("roleRef", "name"))
            for rule in role.get("rules") if role else ():
                for verb in rule["verbs"]:
                    granted[verb] |= {f"{binding.namespace}/{name}" for name in rule["resourceNames"]}
        assert granted["patch"] == written
        assert granted["get"] == written | read_


def test_the_small_overlay_changes_sizes_and_doors_and_no_safeguard() -> None:
    large = {each.title: each for each in all_workloads()}
    small = {each.title: each for each in workloads.of(read(SMALL)).all}
    assert small.keys() == large.keys()
    for title, each in small.items():
        for mine, theirs in zip(each.running, large[title].running, strict=True):
            same = [name for name in mine.data if name != "resources"]
            assert {name: mine.data[name] for name in same} == {name: theirs.data[name] for name in same}, title
            assert _amount(mine.data["resources"]["requests"]["cpu"]) <= _amount(
                theirs.data["resources"]["requests"]["cpu"]
            )
        for kept in ("terminationGracePeriodSeconds", "securityContext", "topologySpreadConstraints", "initContainers"):
            assert each.spec.get(kept) == large[title].spec.get(kept), title
