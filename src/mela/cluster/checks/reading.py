"""What goes wrong before there is an object: unreadable text, repeated keys, kustomizations and charts that are not built."""

from collections.abc import Iterator

from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, System

_GOOD = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    data:
      greeting: नमस्ते
    """


def _mishaps(system: System, id_: str) -> Iterator[tuple[Object, str]]:
    """Where and what; a mishap has no object, only a place."""
    for mishap in system.mishaps:
        if mishap.rule == id_:
            yield Object.of({}, mishap.source), mishap.says


@rule(
    id="unreadable",
    severity="error",
    about="A file must be UTF-8 and each of its documents YAML or JSON, of bounded size, depth and repetition.",
    good=_GOOD,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop
    """,
)
def unreadable(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "unreadable"):
        yield Finding(
            place,
            says=f"This cannot be read: {says}.",
            happens="`kubectl apply` stops here; objects that stand further down in the file are not applied.",
            mend="Split it: a request to the API server may have 3 MiB."
            if says.endswith("MiB")
            else "Correct the text at this line; indentation, an unclosed quote or bracket and a tab are the usual causes.",
        )


@rule(
    id="template-not-rendered",
    severity="info",
    about="A template is no YAML until it is rendered, and is not checked before.",
    good=_GOOD,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: {{ .Values.name }}}
    """,
)
def template_not_rendered(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "template-not-rendered"):
        yield Finding(
            place,
            says=f"This looks like a template, and is not checked: {says}.",
            happens="Mistakes in what it renders stay unseen.",
            mend="Check the rendered form: pipe it to `mela verify -`.",
        )


@rule(
    id="repeated-key",
    severity="error",
    about="A key may stand only once in a map: of equal keys the last one counts, silently.",
    good=_GOOD,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    data:
      greeting: namaste
      greeting: vanakkam
    """,
)
def repeated_key(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "repeated-key"):
        key = says.removeprefix("key ").removesuffix(" already set in map")
        yield Finding(
            place,
            says=f"The key {key} stands twice in one map.",
            happens="kubectl refuses the object; tools that accept it keep the last value and drop the first without a word.",
            mend="Keep one of the two.",
        )


@rule(
    id="repeated-object",
    severity="error",
    about="Two objects that are applied together cannot have one kind, namespace and name: the second takes the first one's place.",
    good=_GOOD,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    data: {greeting: namaste}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    data: {greeting: vanakkam}
    """,
)
def repeated_object(system: System) -> Iterator[Finding]:
    for thing in system:
        first = system.find(thing.type, thing.namespace, thing.name)
        if first is None or first is thing or not thing.get("metadata", "name"):
            continue
        yield Finding(
            thing,
            ("metadata", "name"),
            says=f"{thing.title} stands in {first.source.file}:{first.source.line} already.",
            happens="`kubectl apply` changes the first object into the second; what only the first one said is lost.",
            mend="Remove one of the two, or give it another name.",
        )


@rule(
    id="untyped",
    severity="error",
    about="An object says what it is: apiVersion and kind.",
    good=_GOOD,
    bad="""
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    """,
)
def untyped(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "untyped"):
        yield Finding(
            place,
            says=f"This is no Kubernetes object: {says}.",
            happens="`kubectl apply` refuses the file.",
            mend="Add the missing line, such as `apiVersion: v1`; move what is no manifest to another folder.",
        )


@rule(
    id="kustomization-broken",
    severity="error",
    about="A kustomization can be built: its files are there, its patches meet objects and can be applied.",
    good=_GOOD,
    bad="""
    # file: kustomization.yaml
    resources: [web.yaml]
    # file: shop.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: shop, namespace: default}
    """,
)
def kustomization_broken(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "kustomization-broken"):
        yield Finding(
            place,
            says=f"This kustomization cannot be built: {says}.",
            happens="`kubectl apply -k` fails and nothing is applied; its objects are not checked here either.",
            mend="Correct the path or the patch.",
        )


@rule(
    id="kustomization-incomplete",
    severity="info",
    about="Parts of a kustomization that are not on this machine, or not understood here, are not checked.",
    good=_GOOD,
    bad="""
    # file: kustomization.yaml
    resources: ["https://example.org/shop/kubernetes?ref=v1"]
    """,
)
def kustomization_incomplete(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "kustomization-incomplete"):
        yield Finding(
            place,
            says=f"Not all of this kustomization is checked: {says}.",
            happens="What is missing here may be what another object refers to.",
            mend="Check the rendered form as well: `kubectl kustomize DIR | mela verify -`.",
        )


@rule(
    id="chart-not-rendered",
    severity="warning",
    about="A chart is checked as helm renders it.",
    good=_GOOD,
    bad="""
    # file: Chart.yaml
    apiVersion: v2
    name: shop
    # file: templates/shop.yaml
    {{ fail "a chart that helm refuses, for want of a version and because it says so" }}
    """,
)
def chart_not_rendered(system: System) -> Iterator[Finding]:
    for place, says in _mishaps(system, "chart-not-rendered"):
        yield Finding(
            place,
            says=f"This chart is not checked: {says}.",
            happens="Mistakes in its templates stay unseen.",
            mend="Install helm, or check the rendered form: `helm template DIR | mela verify -`.",
        )
