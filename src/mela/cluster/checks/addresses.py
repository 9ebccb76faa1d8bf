"""Addresses in texts and in routes: Services that exist, with the ports that are named; variables that are set in time."""

import re
from collections.abc import Iterator, Mapping

from mela.cluster import reachability, references, workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.checks.references import is_whole
from mela.cluster.objects import Object, System
from mela.cluster.workloads import maps, text


@rule(
    id="host-names-no-service",
    severity="error",
    about="A Service's DNS name in an environment variable, argument or ConfigMap belongs to a Service with that port.",
    good="""
    apiVersion: v1
    kind: Service
    metadata: {name: catalog, namespace: shop}
    spec: {ports: [{port: 80}]}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: shop}
    data: {catalog: "http://catalog.shop.svc.cluster.local:80"}
    """,
    bad="""
    apiVersion: v1
    kind: Service
    metadata: {name: catalog, namespace: shop}
    spec: {ports: [{port: 80}]}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: shop}
    data: {catalog: "http://catalog.shop.svc.cluster.local:8080"}
    """,
)
def host_names_no_service(system: System) -> Iterator[Finding]:
    if not is_whole(system):
        return
    for host in reachability.hosts(system):
        namespace, name, port = host.namespace, host.name, host.port
        identity = "Service", namespace, name
        service = system.find(*identity)
        if not service and (not system.within(namespace) or identity in references.provided(system)):
            continue
        numbers = [each.get("port") for _, each in maps(service.get("spec", "ports"))] if service else []
        if service and (port is None or port in numbers or _sends_to_pods(service)):
            continue
        yield Finding(
            host.object,
            host.path,
            says=f"There is no Service {name} in namespace {namespace}."
            if not service
            else f"{service.title} has no port {port}; it has {', '.join(map(str, numbers)) or 'none'}.",
            happens="Connections to it fail: the name is not found."
            if not service
            else "Connections to it time out or are refused.",
            mend="Correct the name, the namespace or the port; a Service's port is `port`, not `targetPort`.",
            severity=None if service else "warning",
        )


def _sends_to_pods(service: Object) -> bool:
    """Headless and external names lead past the Service, to ports that it need not list."""
    return bool(service.get("spec", "clusterIP") == "None" or service.get("spec", "type") == "ExternalName")


@rule(
    id="backend-port-missing",
    severity="error",
    about="The port that an Ingress, a route or a webhook sends to is one of the Service's ports, by number or name.",
    good="""
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web, namespace: shop}
    spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
    """,
    bad="""
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web, namespace: shop}
    spec: {defaultBackend: {service: {name: web, port: {number: 8080}}}}
    """,
)
def backend_port_missing(system: System) -> Iterator[Finding]:
    for found in references.of(system):
        service = system.find(*found.identity) if found.type == "Service" and found.path[-1] == "name" else None
        port = found.object.get(*found.path[:-1], "port")
        if not service or port is None or service.get("spec", "type") == "ExternalName":
            continue
        wanted = (port.get("number") or port.get("name")) if isinstance(port, Mapping) else port
        ports = [each for _, each in maps(service.get("spec", "ports"))]
        if wanted is not None and not any(wanted in (each.get("port"), each.get("name")) for each in ports):
            offered = ", ".join(f"{each.get('port')} {text(each.get('name'))}".strip() for each in ports)
            yield Finding(
                found.object,
                (*found.path[:-1], "port"),
                says=f"{service.title} has no port {wanted}; it has {offered or 'none'}.",
                happens="Requests are answered 503, or not at all.",
                mend="Name the Service's `port`, not the container's.",
            )


@rule(
    id="variable-used-before-set",
    severity="error",
    about="A variable in `$(NAME)` stands above its use: the list is expanded from the top.",
    good="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          env:
            - {name: HOST, value: catalog}
            - {name: URL, value: "http://$(HOST)"}
    """,
    bad="""
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          env:
            - {name: URL, value: "http://$(HOST)"}
            - {name: HOST, value: catalog}
    """,
)
def variable_used_before_set(system: System) -> Iterator[Finding]:
    """Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ (2026-11-23)."""
    for workload in workloads.of(system).all:
        for container in workload.containers:
            names = [
                (index, text(each.get("name")), text(each.get("value")))
                for index, each in maps(container.data.get("env"))
            ]
            for index, name, value in names:
                used = re.findall(r"(?<!\$)\$\((\w+)\)", value) if "$(" in value else ()
                late = [
                    each for each in used if min((at for at, other, _ in names if other == each), default=-1) > index
                ]
                if late:
                    yield Finding(
                        workload.object,
                        (*container.at, "env", index, "value"),
                        says=f"{name} uses $({late[0]}), which is set further down.",
                        happens=f"The text `$({late[0]})` itself is passed to the program.",
                        mend=f"Move {late[0]} above {name}.",
                    )
