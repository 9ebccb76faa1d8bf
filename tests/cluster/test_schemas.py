"""Objects against their schemas: what is wrong, where, and what was meant."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.cluster import checks, manifests
from mela.cluster.checks import schema
from mela.cluster.objects import NEWEST
from mela.cluster.schemas import custom, history, problems, published
from mela.cluster.schemas.paths import locate, spell

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web
"""


def found(text: str, version: str = NEWEST) -> Iterator[problems.Problem]:
    system = manifests.parse(text, version=version)
    customs = custom.definitions(system.kind("CustomResourceDefinition"))
    for thing in system:
        yield from problems.find(thing, version, customs)


def told(rule: str, text: str, version: str = NEWEST) -> list[tuple[str, str]]:
    """What a rule says and how it would mend it."""
    checks.every()
    return [(finding.says, finding.mend) for finding in checks.RULES[rule](manifests.parse(text, version=version))]


# ---- fields


@pytest.mark.parametrize("version", published.VERSIONS)
def test_a_plain_deployment_is_right_in_every_version(version: str) -> None:
    assert list(found(DEPLOYMENT, version)) == []


@pytest.mark.parametrize(
    ("line", "path", "mend"),
    [
        ("  replica: 2", "spec.replica", "Did you mean `replicas`?"),
        ("  terminationGracePeriodSeconds: 2", "spec.terminationGracePeriodSeconds", "explain deployment.spec`"),
        ("          restartPolicyy: Never", "spec.template.spec.containers[0].restartPolicyy", "Did you mean `restartPolicy`?"),
        ("          volumes: []", "spec.template.spec.containers[0].volumes", "further up, in `spec.template.spec`"),
        ("      livenessProbe: {}", "spec.template.spec.livenessProbe", "further down, in `spec.template.spec.containers`"),
        ("  on: 1", "spec.true", "put the key in quotes"),
        ("replicas: 1", "replicas", "further down, in `spec`"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_exist_is_told_with_what_was_meant(line: str, path: str, mend: str) -> None:
    [problem] = found(DEPLOYMENT + line + "\n")
    assert (problem.about, spell(problem.path)) == ("unknown-field", path)
    assert mend in problem.mend


def test_a_field_is_judged_by_the_chosen_version() -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}], resources: {}}\n"
    assert list(found(pod, "1.36")) == []
    assert [problem.about for problem in found(pod, "1.30")] == ["unknown-field"]


@pytest.mark.parametrize(
    ("value", "says", "mend"),
    [
        ("on", "YAML reads on as true", '"on"'),
        ("NO", "YAML reads NO as false", '"NO"'),
        ("true", "true is a truth value", '"true"'),
        ("0755", "YAML reads 0755 as an octal number, 493", '"0755"'),
        ("1e3", "YAML reads 1e3 as the number 1000", '"1e3"'),
        ("1.10", "YAML reads 1.10 as the number 1.1", '"1.10"'),
        ("7", "7 is a number", '"7"'),
        ("[a]", "a list stands there", "Write text here."),
        ("{a: b}", "a map stands there", "Write text here."),
    ],
)
def test_a_value_that_yaml_reads_as_something_else_is_told(value: str, says: str, mend: str) -> None:
    [problem] = found(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{key: {value}}}\n")
    assert (problem.about, problem.path) == ("wrong-type", ("data", "key"))
    assert says in problem.says
    assert mend in problem.mend


@pytest.mark.parametrize(
    ("line", "about", "path", "says"),
    [
        ("          resources: {requests: {memory: -1Gi}}", "invalid-field", "spec.template.spec.containers[0].resources.requests.memory", "negative"),
        ('  replicas: "3"', "wrong-type", "spec.replicas", '"3" is text'),
        ("  replicas: -1", "invalid-field", "spec.replicas", "negative"),
        ("  replicas: null", "", "", ""),
        ("  strategy: {rollingUpdate: {maxSurge: 1.5}}", "wrong-type", "spec.strategy.rollingUpdate.maxSurge", "number"),
        ("          resources: {limits: {cpu: 1GB}}", "wrong-type", "spec.template.spec.containers[0].resources.limits.cpu", "not a quantity"),
        ("          ports: [{containerPort: null}]", "missing-field", "spec.template.spec.containers[0].ports[0].containerPort", "must be given"),
        ("          ports: [{name: a}]", "missing-field", "spec.template.spec.containers[0].ports[0].containerPort", "must be given"),
        ("          securityContext: {privileged: true}", "", "", ""),
    ],
)  # fmt: skip
def test_values_are_judged_as_the_api_server_does(line: str, about: str, path: str, says: str) -> None:
    said = [(problem.about, spell(problem.path), says in problem.says) for problem in found(DEPLOYMENT + line + "\n")]
    assert said == ([(about, path, True)] if about else [])


def test_a_value_that_only_decoding_refuses_has_its_path() -> None:
    [problem] = found("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {key: not base64}\n")
    assert (problem.about, problem.path) == ("wrong-type", ("data", "key"))


def test_kinds_without_rules_of_their_own_need_a_name_and_types() -> None:
    assert [spell(p.path) for p in found("apiVersion: v1\nkind: ServiceAccount\n")] == ["metadata.name"]
    assert list(found("apiVersion: v1\nkind: ServiceAccount\nmetadata: {generateName: a-}\n")) == []
    assert list(found("apiVersion: example.org/v1\nkind: Thing\n")) == []
    assert [p.about for p in found("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: a}\n")] == [
        "missing-field"
    ]


def test_rules_that_look_further_never_see_a_wrong_type() -> None:
    text = (
        DEPLOYMENT + '          ports: [{containerPort: "x"}, {containerPort: 80}]\n  replicas: "3"\n---\n' + DEPLOYMENT
    )
    system = manifests.parse(text)
    cleaned, same = schema.readable(system)
    assert same is system.objects[1]
    assert cleaned.get("spec", "replicas") is None
    assert cleaned.get("spec", "template", "spec", "containers", 0, "ports") == [{}, {"containerPort": 80}]
    assert system.objects[0].get("spec", "replicas") == "3"
    assert list(schema.readable(manifests.parse(DEPLOYMENT)))


_SOME = st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab1", max_size=3)
_ANY = st.recursive(
    _SOME,
    lambda v: st.lists(v, max_size=2) | st.dictionaries(st.sampled_from("name spec ports env".split()), v, max_size=3),
    max_leaves=6,
)
_FIELDS = "replicas selector template strategy ports rules metrics minReplicas containers metadata".split()


@given(
    st.sampled_from(sorted(published.kinds(NEWEST))),
    st.dictionaries(st.sampled_from(_FIELDS), _ANY, max_size=3),
    st.none() | st.dictionaries(st.sampled_from(["name", "labels", "annotations", "namespace"]), _ANY, max_size=3),
)
def test_any_object_of_any_kind_is_judged_without_an_error(
    key: tuple[str, str], spec: dict[str, Any], metadata: Any
) -> None:
    from mela.cluster.objects import Object, Source, System

    data = {"apiVersion": key[0], "kind": key[1], "metadata": metadata, "spec": spec}
    system = System.of([Object.of(data, Source("f"))])
    for rule in checks.every():
        if rule.family == "schema":
            assert all(finding.says for finding in rule(system))
    schema.readable(system)


# ---- kinds and versions


@pytest.mark.parametrize(
    ("api_version", "kind", "version", "says", "mend"),
    [
        ("v1", "Deployment", NEWEST, "has no Deployment in v1", "Write `apiVersion: apps/v1`."),
        ("apps/v1", "Deploymnt", NEWEST, "has no Deploymnt", "Did you mean `kind: Deployment`?"),
        ("apps/v1", "Zebra", NEWEST, "has no Zebra", "api-resources"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "1.28", "Kubernetes 1.28", "v1"),
        ("networking.k8s.io/v1", "ServiceCIDR", "1.28", "Kubernetes 1.28", "from Kubernetes 1.33 on"),
    ],
)
def test_kinds_that_are_not_served_are_told(api_version: str, kind: str, version: str, says: str, mend: str) -> None:
    [(said, mended)] = told(
        "unknown-kind", f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n", version
    )
    assert says in said
    assert mend in mended


def test_kubectls_own_configuration_is_no_object() -> None:
    assert told("unknown-kind", "apiVersion: v1\nkind: Config\nclusters: []\n") == []


@pytest.mark.parametrize(
    "group", ["example.org/v1", "skaffold/v3", "gateway.networking.k8s.io/v1", "metrics.k8s.io/v1beta1"]
)
def test_kinds_of_groups_that_crds_bring_are_not_guessed_at(group: str) -> None:
    assert told("unknown-kind", f"apiVersion: {group}\nkind: Thing\nmetadata: {{name: a}}\n") == []


@pytest.mark.parametrize(
    ("api_version", "kind", "version", "use"),
    [
        ("extensions/v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2"),
        ("policy/v1beta1", "PodSecurityPolicy", "1.25", ""),
        ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.32", "flowcontrol.apiserver.k8s.io/v1"),
    ],
)
def test_removed_apis_are_known_with_their_successor(api_version: str, kind: str, version: str, use: str) -> None:
    removal = history.removal(api_version, kind)
    assert removal is not None
    assert (removal.version, removal.use) == (version, use)


def test_the_table_of_removals_agrees_with_the_schemas() -> None:
    for (api_version, kind), removal in history.removals().items():
        for version in published.VERSIONS:
            served = (api_version, kind) in published.kinds(version)
            assert served is history.is_newer(removal.version, version), (api_version, kind, version)
        if removal.use:
            assert (removal.use, kind) in published.kinds(NEWEST)


def test_apis_that_left_the_schemas_are_removed_even_without_a_row() -> None:
    removal = history.removal("resource.k8s.io/v1alpha2", "ResourceClaim")
    assert removal is not None
    assert (removal.version, removal.use) == ("1.31", "resource.k8s.io/v1")
    assert history.removal("v1", "Pod") is history.removal("example.org/v1", "Pod") is None


def test_an_api_that_goes_away_is_told_before_the_upgrade() -> None:
    text = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n"
    assert len(told("api-goes-away", text, "1.31")) == 1
    assert told("api-goes-away", text, "1.32") == []


def test_an_unknown_version_is_an_error() -> None:
    with pytest.raises(KeyError):
        published.definitions("1.12")


# ---- custom kinds

CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gateways.pay.example.org}
spec:
  group: pay.example.org
  scope: Namespaced
  names: {kind: PaymentGateway, plural: paymentgateways}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            metadata: {type: object}
            spec:
              type: object
              required: [provider]
              properties:
                provider: {type: string, enum: [alpha, beta]}
                port: {x-kubernetes-int-or-string: true}
                share: {type: number, minimum: 0, exclusiveMinimum: true, maximum: 1}
                note: {type: string, nullable: true}
                retries: {type: array, items: {type: object, properties: {after: {type: integer}}}}
                extra: {type: object, x-kubernetes-preserve-unknown-fields: true}
                template: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
                limits: {type: object, additionalProperties: {type: integer}}
                one: {type: object, properties: {a: {type: string}, b: {type: string}}, oneOf: [{required: [a]}, {required: [b]}]}
---
apiVersion: pay.example.org/v1
kind: PaymentGateway
metadata: {name: a}
"""


@pytest.mark.parametrize(
    ("spec", "about", "path"),
    [
        ("{provider: alpha, port: http, share: 0.5, note: null, extra: {any: thing}, limits: {a: 1}, one: {a: x}}", "", ""),
        ("{provider: alpha, template: {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {}}}", "", ""),
        ("{}", "missing-field", "spec.provider"),
        ("{provider: gamma}", "invalid-field", "spec.provider"),
        ("{provider: alpha, prot: 1}", "unknown-field", "spec.prot"),
        ("{provider: alpha, retries: [{afer: 1}]}", "unknown-field", "spec.retries[0].afer"),
        ("{provider: alpha, port: 1.5}", "wrong-type", "spec.port"),
        ("{provider: alpha, share: 0}", "invalid-field", "spec.share"),
        ("{provider: alpha, limits: {a: x}}", "wrong-type", "spec.limits.a"),
        ("{provider: alpha, one: {a: x, b: z}}", "invalid-field", "spec.one"),
    ],
)  # fmt: skip
def test_custom_objects_are_judged_by_the_crd_beside_them(spec: str, about: str, path: str) -> None:
    said = [(problem.about, spell(problem.path)) for problem in found(CRD + f"spec: {spec}\n")]
    assert said == ([(about, path)] if about else [])


def test_a_misspelt_field_of_a_custom_kind_has_a_suggestion() -> None:
    [problem] = found(CRD + "spec: {provider: alpha, retries: [{aftr: 1}]}\n")
    assert problem.mend == "Did you mean `after`?"


def test_a_crd_with_a_broken_schema_judges_nothing() -> None:
    assert list(found(CRD.replace("type: number", "type: nonsense") + "spec: {anything: 1}\n")) == []


# ---- paths


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("spec.ports[0].name", ("spec", "ports", 0, "name")),
        ("metadata.labels[example.com/a.b]", ("metadata", "labels", "example.com/a.b")),
        ("metadata.labels.example.com/a.b", ("metadata", "labels", "example.com/a.b")),
        ("spec.missing[3].x", ("spec", "missing", "3", "x")),
        ("spec.ports[7]", ("spec", "ports", 7)),
        ("", ()),
    ],
)
def test_upstreams_paths_are_found_in_the_object(text: str, path: tuple[str | int, ...]) -> None:
    data = {"metadata": {"labels": {"example.com/a.b": "c", "example": "d"}}, "spec": {"ports": [{"name": "a"}]}}
    assert locate(data, text) == path


def test_paths_are_spelled_as_people_write_them() -> None:
    assert spell(("spec", "ports", 0, "name")) == "spec.ports[0].name"
    assert spell(("metadata", "labels", "example.com/a")) == "metadata.labels[example.com/a]"
    assert spell(()) == "the object"


# ---- objects that the API server takes, however odd they look

TAKEN = """\
{apiVersion: v1, kind: Service, metadata: {name: headless}, spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: outside}, spec: {type: ExternalName, externalName: example.org}}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: once-}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: once}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "30 2 * * *"
  timeZone: Asia/Kolkata
  jobTemplate: {spec: {template: {spec: {restartPolicy: OnFailure, containers: [{name: once, image: once}]}}}}
---
{apiVersion: v1, kind: Secret, metadata: {name: tls}, type: kubernetes.io/tls, stringData: {tls.crt: a, tls.key: b}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  serviceName: db
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: db, volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {kubernetes.io/ingress.class: nginx}}
spec: {rules: [{host: example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
{apiVersion: v1, kind: Pod, metadata: {name: high}, spec: {priorityClassName: system-node-critical, containers: [{name: a, image: a}]}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: high}, value: 1000}
---
{apiVersion: v1, kind: ResourceQuota, metadata: {name: all}, spec: {hard: {requests.cpu: "4", count/deployments.apps: 10}}}
"""


def test_what_the_api_server_takes_is_not_complained_about() -> None:
    assert [(problem.path, problem.says) for problem in found(TAKEN)] == []


# ---- what is not yet as it will be applied


@pytest.mark.parametrize("host", ["${DOMAIN}", "shop.{{ .Values.domain }}", "<YOUR_DOMAIN>", "(@= data.values.host @)"])
def test_a_value_that_something_fills_in_later_is_not_judged(host: str) -> None:
    text = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec: {rules: [{host: "HOST"}]}
"""
    assert [problem.path for problem in found(text.replace("HOST", "no host"))] == [("spec", "rules", 0, "host")]
    assert list(found(text.replace("HOST", host))) == []


def test_a_selector_of_placeholders_is_not_judged() -> None:
    assert list(found(DEPLOYMENT.replace("app: web", "app: '${NAME}-web'"))) == []
    assert list(found(DEPLOYMENT.replace("app: web", "app: '-web'")))


def test_what_sops_has_encrypted_is_checked_when_it_is_decrypted() -> None:
    text = """
apiVersion: v1
kind: Secret
metadata: {name: db}
data: {password: "ENC[AES256_GCM,data:aaa=,iv:bbb=,tag:ccc=,type:str]"}
"""
    assert [problem.about for problem in found(text)] == ["wrong-type"]
    assert list(found(text + "sops: {mac: 'ENC[AES256_GCM,data:d=]', version: 3.9.0}\n")) == []
    assert [problem.about for problem in found(text.replace("ENC[", "x") + "sops: {}\n")] != []


def test_a_wholly_encrypted_file_holds_no_object() -> None:
    assert len(manifests.parse("apiVersion: ENC[AES256_GCM,data:a=]\nkind: ENC[AES256_GCM,data:b=]\n")) == 0


@pytest.mark.parametrize(
    ("kind", "api", "is_told"),
    [
        ("HostnameConfig", "v1alpha1", False),
        ("LabelTransformer", "builtin", False),
        ("Deployment", "v1beta1", True),
        ("Deploymentt", "v1", True),
    ],
)
def test_other_tools_files_are_no_objects_with_unknown_kinds(kind: str, api: str, is_told: bool) -> None:
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: web}}\n"
    assert bool(told("unknown-kind", text)) is is_told


def test_a_load_balancer_gets_its_health_check_port_from_the_api_server() -> None:
    text = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80}]}
"""
    assert list(found(text)) == []
    assert [each.path for each in found(text.replace("spec: {", "spec: {healthCheckNodePort: 99999, "))]
    assert [each.path for each in found(text.replace("Local", "Cluster, healthCheckNodePort: 30001"))]
