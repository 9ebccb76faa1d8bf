"""Where rules speak and where they keep silent, beyond their own examples."""

import pytest

from mela.cluster.checks import RULES, Finding, every
from mela.cluster.objects import Mishap, Source, System
from mela.verify import examples

every()


def found(rule: str, text: str) -> list[Finding]:
    system = examples.system(text)
    assert not system.mishaps, system.mishaps
    return list(RULES[rule](system))


def good(rule: str, *changes: tuple[str, str]) -> str:
    """The rule's good example with changes, each of which must change something."""
    text = RULES[rule].good
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


SCALER = """---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {minReplicas: LEAST, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
"""


@pytest.mark.parametrize(("least", "blocks"), [("1", True), ("2", True), ("3", False)])
def test_a_budget_is_judged_at_the_autoscalers_minimum(least: str, blocks: bool) -> None:
    text = good("budget-blocks-drain") + SCALER.replace("LEAST", least)
    assert bool(found("budget-blocks-drain", text)) is blocks


@pytest.mark.parametrize(
    ("bound", "blocks"),
    [
        ("minAvailable: 67%", True),  # of three: 2.01, rounded up to all of them
        ("minAvailable: 66%", False),
        ("maxUnavailable: 1%", False),  # rounded up to one
        ("maxUnavailable: 0", True),
        ("minAvailable: 3", True),
    ],
)
def test_percentages_of_a_budget_round_as_upstream_rounds_them(bound: str, blocks: bool) -> None:
    text = good("budget-blocks-drain", ("minAvailable: 2", bound))
    assert bool(found("budget-blocks-drain", text)) is blocks


def test_a_limit_range_gives_the_request_that_an_autoscaler_needs() -> None:
    defaults = """---
apiVersion: v1
kind: LimitRange
metadata: {name: shop, namespace: shop}
spec: {limits: [{type: Container, defaultRequest: {cpu: 100m}}]}
"""
    bad = RULES["autoscaler-without-request"].bad
    assert found("autoscaler-without-request", bad)
    assert not found("autoscaler-without-request", bad + defaults)


@pytest.mark.parametrize(("percent", "stuck"), [(181, False), (182, True), (150, False)])
def test_growth_needs_usage_a_tenth_above_the_target(percent: int, stuck: bool) -> None:
    text = good("autoscaler-never-grows", ("averageUtilization: 70", f"averageUtilization: {percent}"))
    assert bool(found("autoscaler-never-grows", text)) is stuck


def test_a_quota_that_is_too_small_at_rest_is_an_error_and_at_the_maximum_a_warning() -> None:
    at_most = found("quota-too-small", RULES["quota-too-small"].bad)
    at_rest = found("quota-too-small", good("quota-too-small", ("pods: 8", "pods: 1")))
    assert {each.severity for each in at_most} == {"warning"}
    assert [each.severity for each in at_rest] == ["error"]


def test_a_service_for_one_pod_of_a_stateful_set_selects_it_by_the_label_that_the_controller_adds() -> None:
    text = good(
        "service-selects-nothing",
        ("selector: {app: web}", "selector: {app: web, statefulset.kubernetes.io/pod-name: web-0}"),
    )
    assert not found("service-selects-nothing", text)


def test_nothing_is_said_of_pods_where_an_operator_may_make_some() -> None:
    operator = "---\napiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s, namespace: shop}\n"
    for rule in ("service-selects-nothing", "budget-selects-nothing", "policy-selects-nothing"):
        assert found(rule, RULES[rule].bad)
        assert not found(rule, RULES[rule].bad + operator)


def test_names_are_not_judged_when_part_of_the_system_could_not_be_read() -> None:
    system = examples.system(RULES["name-resolves-nowhere"].bad)
    partial = System.of(system.objects, [Mishap("chart-not-rendered", Source("shop"), "helm is not installed")])
    assert list(RULES["name-resolves-nowhere"](system))
    assert not list(RULES["name-resolves-nowhere"](partial))


@pytest.mark.parametrize(
    "maker",
    [
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: gateway, namespace: shop}\n",
        "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a, namespace: shop}\nspec: {secretName: gateway}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {mela.dev/provided: 'Secret/gateway: a person'}}\n",
    ],
)
def test_a_secret_that_a_controller_or_a_person_makes_is_declared(maker: str) -> None:
    bad = RULES["secret-not-declared"].bad
    assert found("secret-not-declared", bad)
    assert not found("secret-not-declared", bad + "---\n" + maker)


def test_a_key_that_the_annotation_does_not_name_is_missing() -> None:
    text = good("secret-not-declared", ("(key)", "(other)"))
    assert not found("secret-not-declared", text)
    assert found("key-missing", text)


def test_an_optional_reference_may_lead_nowhere() -> None:
    text = good("key-missing", ("name: prices, key: currency", "name: none, key: none, optional: true"))
    assert not found("name-resolves-nowhere", text)
    assert not found("key-missing", text)


def test_a_volume_called_like_a_claim_template_is_the_pods_own_claim() -> None:
    text = """
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: db, namespace: shop}
    spec:
      selector: {matchLabels: {app: db}}
      template:
        metadata: {labels: {app: db}}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: any}}]
          containers: [{name: db, image: "example.org/db:1"}]
      volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
    """
    assert not found("name-resolves-nowhere", text)
    assert found("name-resolves-nowhere", text.replace("metadata: {name: data}", "metadata: {name: other}"))


PLAIN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {NAME: VALUE}\n"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DB_PASSWORD", "'hunter2-hunter2'", True),
        ("DB_PASSWORD", "'${DB_PASSWORD}'", False),
        ("DB_PASSWORD", "''", False),
        ("DB_PASSWORD_FILE", "/run/secrets/db", False),
        ("SESSION_SECRET", "/run/secrets/session", False),
        ("TOKEN_TTL", "30m", False),
        ("URL", "'postgresql://shop:hunter2hunter2@db/shop'", True),
        ("URL", "'postgresql://shop:${PASSWORD}@db/shop'", False),
        ("URL", "'https://example.org:8443/@handle'", False),
        ("note", "'-----BEGIN RSA PRIVATE KEY----- abc'", True),
        ("note", "'-----BEGIN PUBLIC KEY----- abc'", False),
        ("TLS_SECRET", "'web-tls'", False),
    ],
)
def test_secrets_are_told_from_switches_paths_names_and_what_is_filled_in_later(
    name: str, value: str, told: bool
) -> None:
    assert bool(found("secret-in-config", PLAIN.replace("NAME", name).replace("VALUE", value))) is told


def test_a_comment_in_a_file_is_no_secret() -> None:
    text = PLAIN.replace("{NAME: VALUE}", "\n  app.conf: |\n    # url=mysql://user:secret@host/db\n    {}\n")
    assert not found("secret-in-config", text.replace("{}", "password = !secret db"))
    assert found("secret-in-config", text.replace("{}", "password = hunter2-hunter2"))


def test_no_finding_repeats_a_secret() -> None:
    for rule in ("secret-in-config", "secret-in-files", "secret-in-pod"):
        for finding in found(rule, RULES[rule].bad):
            assert "hunter2" not in f"{finding.says}{finding.happens}{finding.mend}"


def test_a_token_is_needed_by_an_account_with_rights() -> None:
    bad = RULES["token-without-need"].bad
    binding = """---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: default, namespace: shop}]
"""
    assert found("token-without-need", bad)
    assert not found("token-without-need", bad + binding)


def test_reading_secrets_is_told_where_the_role_is_bound_in_all_namespaces() -> None:
    wide = good(
        "rights-escalate", ("apiGroups: [apps], resources: [deployments]", 'apiGroups: [""], resources: [secrets]')
    )
    narrow = wide.replace(
        "ClusterRoleBinding\nmetadata: {name: operator}",
        "RoleBinding\nmetadata: {name: operator, namespace: shop}",
    )
    assert found("rights-escalate", wide)
    assert not found("rights-escalate", narrow)


@pytest.mark.parametrize(
    ("image", "moves"),
    [("a", True), ("a:1.4", False), ("host:5000/a", True), ("a:latest@sha256:00", False), ("a:${TAG}", False)],
)
def test_an_image_is_fixed_by_a_version_or_a_digest(image: str, moves: bool) -> None:
    text = good("image-moves", ("image: example.org/web:1.4.2", f'image: "{image}"'))
    assert bool(found("image-moves", text)) is moves


@pytest.mark.parametrize(
    ("hook", "late"),
    [
        ('[sh, -c, "sleep 44; nginx -s quit"]', False),
        ('[sh, -c, "sleep 1m"]', True),
        ("[sleep, '45']", True),
        ("[/bin/oversleep]", False),
    ],
)
def test_the_pause_of_a_stop_hook_is_read_from_its_command(hook: str, late: bool) -> None:
    text = good("stop-outlasts-grace", ('[sleep, "10"]', hook))
    assert bool(found("stop-outlasts-grace", text)) is late


def test_a_call_is_judged_on_the_pods_port_behind_the_services() -> None:
    closed = good("call-blocked", ("ports: [{port: 8080}]", "ports: [{port: 80}]"))
    assert [each.object.name for each in found("call-blocked", closed)] == ["web"]


def test_a_service_named_in_a_config_map_is_a_call_of_whoever_reads_it() -> None:
    text = RULES["call-blocked"].bad.replace(', annotations: {mela.dev/calls: "catalog:80"}', "")
    text = text.replace(
        'containers: [{name: web, image: "example.org/web:1.4.2"',
        'containers: [{name: web, envFrom: [{configMapRef: {name: web}}], image: "example.org/web:1.4.2"',
    )
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {CATALOG: CALLED}\n"
    assert not found("call-blocked", text)
    for address in ("http://catalog.shop.svc.cluster.local:80/v1", "catalog:80", "http://catalog.shop:80"):
        assert found("call-blocked", text + config.replace("CALLED", f'"{address}"'))


def test_dns_on_the_node_or_elsewhere_is_not_told_as_blocked() -> None:
    peer = "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}"
    for other in ("{ipBlock: {cidr: 169.254.20.10/32}}", "{namespaceSelector: {matchLabels: {name: openshift-dns}}}"):
        assert not found("dns-blocked", good("dns-blocked", (peer, other)))


def says(rule: str, text: str) -> list[str]:
    return [each.says for each in found(rule, text)]


def test_the_databases_limit_is_read_from_its_file_or_is_its_default() -> None:
    bad = RULES["connections-exceed-database"].bad.replace(", args: [-c, max_connections=200]", "")
    assert "lets 97 clients in" in says("connections-exceed-database", bad)[0]
    mounted = bad.replace(
        "      containers:", "      volumes: [{name: c, configMap: {name: db}}]\n      containers:", 1
    )
    config = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: db, namespace: shop}\ndata: {postgresql.conf: "max_connections = 300"}\n'
    assert "lets 297 clients in" in says("connections-exceed-database", mounted + config)[0]
    comment = config.replace("max_conn", "# max_conn")
    assert "lets 97 clients in" in says("connections-exceed-database", mounted + comment)[0]


@pytest.mark.parametrize(
    "args",
    [
        "-cmax_connections=150",
        "-c max_connections=150",
        "-c, max_connections=150",
        "-c, shared_buffers=1GB, -cmax_connections=150",
        "--max-connections=150",
        "--max_connections=150",
        "--max-connections, '150'",
    ],
)
def test_the_databases_limit_is_read_from_each_spelling_of_its_argument(args: str) -> None:
    bad = RULES["connections-exceed-database"].bad
    assert "lets 147 clients in" in says("connections-exceed-database", bad.replace("-c, max_connections=200", args))[0]


def test_another_setting_that_ends_alike_is_not_the_databases_limit() -> None:
    bad = RULES["connections-exceed-database"].bad
    args = "--mysqlx-max-connections=150, --reserved_max_connections=150"
    assert "lets 97 clients in" in says("connections-exceed-database", bad.replace("-c, max_connections=200", args))[0]


STORE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "example.org/db:1"}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}]
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {type: LoadBalancer, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "example.org/agent:1"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: load, namespace: shop}
spec:
  parallelism: 4
  template:
    spec: {restartPolicy: Never, containers: [{name: load, image: "example.org/load:1"}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: shop, namespace: shop}
spec: {hard: {HARD}}
"""


@pytest.mark.parametrize(
    ("hard", "severities"),
    [
        ("requests.storage: 30Gi", []),
        ("requests.storage: 29Gi", ["error"]),
        ("services.loadbalancers: 0", ["error"]),
        ("pods: 8", []),  # three, one on the only node that is known, four of the Job
        ("pods: 7", ["warning"]),
        ("pods: 3", ["error"]),
        ("pods: abc", []),
    ],
)
def test_a_quota_counts_claims_services_daemons_and_jobs(hard: str, severities: list[str]) -> None:
    assert [each.severity for each in found("quota-too-small", STORE.replace("HARD", hard))] == severities


def test_a_quota_of_a_scope_counts_only_what_is_in_it() -> None:
    text = STORE.replace("{hard: {HARD}}", "{hard: {pods: 2}, scopes: [NotBestEffort]}")
    assert not found("quota-too-small", text)


def test_a_claim_beyond_the_limit_range_is_refused() -> None:
    text = """
apiVersion: v1
kind: LimitRange
metadata: {name: shop, namespace: shop}
spec: {limits: [{type: PersistentVolumeClaim, max: {storage: 5Gi}}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
"""
    assert [each.object.kind for each in found("limit-range-refuses", text)] == ["PersistentVolumeClaim"]
    assert not found("limit-range-refuses", text.replace("10Gi", "5Gi"))


def test_daemons_take_room_on_each_node_before_other_pods() -> None:
    daemon = """---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: "example.org/agent:1", resources: {requests: {cpu: "1"}}}]}
"""
    text = good("pods-find-no-node")
    assert not found("pods-find-no-node", text)
    assert found("pods-find-no-node", text + daemon)


ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge, namespace: edge}]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}]}
"""


def test_a_routes_backends_and_gateway_are_followed() -> None:
    assert not found("name-resolves-nowhere", ROUTE)
    assert found("name-resolves-nowhere", ROUTE.replace("name: edge, namespace: edge", "name: edge"))
    assert found("name-resolves-nowhere", ROUTE.replace("[{name: web, port", "[{name: webb, port"))
    assert found("backend-port-missing", ROUTE.replace("port: 80}]}]", "port: 81}]}]"))


@pytest.mark.parametrize(
    ("peer", "blocked"),
    [
        ("namespaceSelector: {}", False),
        ("ipBlock: {cidr: 0.0.0.0/0}", False),
        ("podSelector: {matchLabels: {app: nobody-here}}", False),
        ("podSelector: {matchLabels: {app: web}}", True),
    ],
)
def test_an_entry_is_open_when_a_rule_may_mean_its_controller(peer: str, blocked: bool) -> None:
    text = RULES["entry-blocked"].bad.replace("from: [{podSelector: {matchLabels: {app: web}}}]", f"from: [{{{peer}}}]")
    assert bool(found("entry-blocked", text)) is blocked


@pytest.mark.parametrize(
    ("calls", "blocked"), [("internet:443", True), ("10.0.0.0/8:5432", True), ("catalog:80", False)]
)
def test_calls_out_of_the_cluster_need_an_egress_rule_that_leads_there(calls: str, blocked: bool) -> None:
    assert bool(found("call-blocked", good("call-blocked", ('"catalog:80"', f'"{calls}"')))) is blocked


MONITOR = """---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: catalog, namespace: monitoring}
spec:
  namespaceSelector: {matchNames: [shop]}
  selector: {matchLabels: {app: catalog}}
  endpoints: [{port: NAME}]
"""


@pytest.mark.parametrize(("port", "blocked"), [("metrics", True), ("http", False), ("unknown", False)])
def test_what_a_service_monitor_scrapes_is_followed_to_the_pods_port(port: str, blocked: bool) -> None:
    text = good(
        "scrape-blocked",
        (
            "metadata: {name: catalog, namespace: shop}\nspec: {selector",
            "metadata: {name: catalog, namespace: shop, labels: {app: catalog}}\nspec: {selector",
        ),
        (
            "ports: [{port: 80, targetPort: 8080}]",
            "ports: [{name: http, port: 80, targetPort: 8080}, {name: metrics, port: 9090}]",
        ),
    )
    assert bool(found("scrape-blocked", text + MONITOR.replace("NAME", port))) is blocked


def test_a_group_counts_at_its_largest_and_a_bound_that_is_raised_mends_it() -> None:
    more = good("pods-find-no-node", ("replicas: 3", "replicas: 4"))
    (finding,) = found("pods-find-no-node", more)
    assert finding.says.startswith("1 of 4 pods find no node: ")
    assert not found("pods-find-no-node", more.replace("maxSize: 3", "maxSize: 4"))


def test_a_group_starts_in_its_other_zones_what_a_lost_zone_took() -> None:
    text = good("pods-find-no-node")
    assert not found("zone-loss-strands-pods", text)
    pinned = text.replace("maxSize: 3", "maxSize: 6").replace(
        "containers:", "nodeSelector: {topology.kubernetes.io/zone: ap-south-1a}\n      containers:"
    )
    assert found("zone-loss-strands-pods", pinned)


@pytest.mark.parametrize(("most", "missing"), [(1814, 0), (1700, 219)])
def test_of_a_large_system_the_sums_are_compared(most: int, missing: int) -> None:
    """A node has 1,930 millicores, so 3,500 pods of one core are 1,814 nodes full, were they liquid."""
    text = good("pods-find-no-node", ("replicas: 3", "replicas: 3500"), ("maxSize: 3", f"maxSize: {most}"))
    says = [finding.says for finding in found("pods-find-no-node", text)]
    told = f"{missing} of 3500 pods find no node: all {most} nodes together have too little cpu."
    assert says == ([told] if missing else [])


@pytest.mark.parametrize(
    "more",
    [
        "  - {name: batch, instanceType: x9.huge}",
        "fargateProfiles: [{name: all, selectors: [{namespace: shop}]}]",
        "karpenter: {version: v1.0.0}",
        "---\napiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: other}",
        "---\napiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: any}\nspec: {template: {spec: {}}}",
    ],
)
def test_where_more_nodes_may_come_than_are_known_nothing_is_said_of_room(more: str) -> None:
    text = RULES["pods-find-no-node"].bad
    assert found("pods-find-no-node", text)
    assert not found("pods-find-no-node", text + more)


def test_karpenter_pools_alone_are_never_all_nodes() -> None:
    pool = """---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: web}
spec:
  limits: {nodes: "1"}
  template:
    spec:
      requirements: [{key: node.kubernetes.io/instance-type, operator: In, values: [m7g.large]}]
"""
    bad = RULES["pods-find-no-node"].bad
    alone = bad.partition("---\napiVersion: eksctl.io")[0]
    assert not found("pods-find-no-node", alone + pool)
    assert found("pods-find-no-node", bad + pool)


def test_a_binding_to_nobody_is_a_warning_and_a_pod_without_its_account_an_error() -> None:
    binding = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: read, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: reader, namespace: shop}]
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {serviceAccountName: reader, containers: [{name: web, image: "example.org/web:1"}]}
"""
    told = {each.object.kind: (each.severity, each.happens) for each in found("name-resolves-nowhere", binding)}
    assert told["RoleBinding"][0] == "warning"
    assert told["RoleBinding"][1].startswith("The binding grants nothing")
    assert told["Pod"][0] == "error"


@pytest.mark.parametrize(
    "other",
    [
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: edge, namespace: argocd}\n"
            "spec: {destination: {namespace: shop}}"
        ),
        (
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: edge, namespace: flux}\n"
            "spec: {targetNamespace: shop}"
        ),
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: edge, namespace: shop}\nspec: {}",
    ],
)
def test_a_service_may_select_pods_that_are_installed_from_elsewhere(other: str) -> None:
    text = RULES["service-selects-nothing"].bad
    assert found("service-selects-nothing", text)
    assert not found("service-selects-nothing", f"{text}---\n{other}\n")
    elsewhere = other.replace("Namespace: shop", "Namespace: x").replace("namespace: shop", "namespace: x")
    assert found("service-selects-nothing", f"{text}---\n{elsewhere}\n")


def test_the_clusters_own_pods_are_not_looked_for_in_the_files() -> None:
    text = RULES["service-selects-nothing"].bad
    assert not found("service-selects-nothing", text.replace("namespace: shop", "namespace: kube-system"))


@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        ("##########", False),
        ("REDACTED", False),
        ("(@= data.values.key @)", False),
        ("change-me", False),
        ("REPLACEME", False),
        ("your-password-here", False),
        ("!secret db_password", False),
        ("123456", True),
        ("changes-4-winter", True),
    ],
)
def test_a_masked_or_awaited_value_is_no_secret(value: str, is_told: bool) -> None:
    text = RULES["secret-in-files"].good.replace(
        "{username: shop}", f"{{password: '{value}', PLEX_SERVER: 'http://plex'}}"
    )
    assert bool(found("secret-in-files", text)) is is_told
