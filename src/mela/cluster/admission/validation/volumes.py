"""Volumes of pods: one source each, and what that source needs.

Sources are looked at in upstream's order; the first one counts and any other is forbidden.
Source: https://kubernetes.io/docs/concepts/storage/volumes/ and pkg/apis/core/validation/validation.go v1.36.3 (read
2026-11-23).
"""

import re
from collections.abc import Mapping
from typing import Any

from mela.cluster.admission.validation import claims, formats
from mela.cluster.admission.validation.checks import (
    Errors,
    each,
    every,
    has_format,
    label_map,
    named,
    one_of,
    required,
    struct,
)
from mela.cluster.admission.validation.field import Field, FieldError, Rule
from mela.cluster.admission.validation.metadata import annotations
from mela.cluster.admission.validation.references import field_reference, resource_reference
from mela.cluster.quantity import ZERO

Volumes = Mapping[str, Mapping[str, Any]]

MOST_MODE = 0o777
VOLUME_FIELDS = ("metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid")


def volumes(field: Field, pod_name: str | None) -> tuple[list[FieldError], Volumes]:
    """The errors of a pod's volumes, and the volumes without errors by name: only those can be mounted.

    `pod_name` is None for templates.
    """
    made = {f"{pod_name}-{each_['name'].text}" for each_ in field.elements() if pod_name and each_["ephemeral"].is_set}
    errors: list[FieldError] = []
    sound: dict[str, Mapping[str, Any]] = {}
    for volume in field.elements():
        faults = list(_volume(volume, pod_name))
        if volume["name"].text in sound:
            faults.append(volume["name"].duplicate())
        if not faults:
            sound[volume["name"].text] = volume.value
        errors += faults
        claim = volume["persistentVolumeClaim"]["claimName"]
        if volume["persistentVolumeClaim"].is_set and claim.text in made:
            errors.append(claim.invalid("is the claim of an ephemeral volume of this pod"))
    return errors, sound


def relative_path(field: Field) -> Errors:
    """A path that stays below where it starts."""
    if field.text.startswith("/"):
        yield field.invalid("must be a relative path")
    yield from no_way_up(field)


def no_way_up(field: Field) -> Errors:
    if ".." in field.text.split("/"):
        yield field.invalid("must not have '..'")


def file_path(field: Field) -> Errors:
    """A relative path whose name the kubelet does not keep for itself."""
    yield from relative_path(field)
    if field.text.startswith("..") and not field.text.startswith("../"):
        yield field.invalid("must not begin with '..'")


def _volume(volume: Field, pod_name: str | None) -> Errors:
    first = ""
    for name, rule in SOURCES.items():
        source = volume[name]
        if not source.is_set:
            continue
        if first:
            path = ODD_PATHS_OF_SECONDS.get(name, name)
            yield volume[path].forbidden(f"the volume is {first} already")
        else:
            first = name
            yield from rule(Field(source.value, volume[ODD_PATHS.get(name, name)].path))
            if name == "image" and pod_name is not None:
                yield from required(source["reference"])
            if name == "ephemeral" and pod_name and volume["name"]:
                problems = formats.dns_subdomain(f"{pod_name}-{volume['name'].text}")
                yield from (volume["name"].invalid(f"as part of the claim's name: {each_}") for each_ in problems)
        if name == "iscsi":
            yield from _short_iscsi(volume)
    yield from named(formats.dns_label)(volume["name"])


def _short_iscsi(volume: Field) -> Errors:
    source = volume["iscsi"]
    whole = f"{volume['name'].text}:{source['targetPortal'].text}"
    if source["initiatorName"].is_set and len(whole.encode()) > 64:
        yield volume["name"].invalid("with the target portal it must stay below 64 characters")


def _mode(field: Field) -> Errors:
    if field.is_set and not 0 <= field.value <= MOST_MODE:
        yield field.invalid("must be a file mode from 0 to 0777; write it with a leading zero")


def _below_256(field: Field) -> Errors:
    if not 0 <= field.number <= 255:
        yield field.invalid("must be from 0 to 255")


def _key_to_path(field: Field) -> Errors:
    yield from struct({"key": required, "path": every(required, file_path), "mode": _mode})(field)


def _empty_dir(field: Field) -> Errors:
    limit = field["sizeLimit"]
    if limit.is_set and limit.value < ZERO:
        yield limit.forbidden("must not be negative")


def _host_path(field: Field) -> Errors:
    if not field["path"]:
        yield field["path"].required()
        return
    yield from no_way_up(field["path"])
    yield from one_of(*HOST_PATH_TYPES)(field["type"])


def _iscsi(field: Field) -> Errors:
    yield from struct({"targetPortal": required, "iqn": required, "lun": _below_256})(field)
    if field["iqn"] and not _is_iscsi_name(field["iqn"].text):
        yield field["iqn"].invalid("must be an iqn, eui or naa name")
    if (field["chapAuthDiscovery"] or field["chapAuthSession"]) and not field["secretRef"].is_set:
        yield field["secretRef"].required("CHAP needs a secret")
    initiator = field["initiatorName"]
    if initiator.is_set and not _is_iscsi_name(initiator.text):
        yield Field(initiator.value, field["initiatorname"].path).invalid("must be an iqn, eui or naa name")


def _is_iscsi_name(name: str) -> bool:
    """Each prefix has a form of its own."""
    forms = {
        "iqn": r"iqn\.\d{4}-\d{2}\.[a-zA-Z0-9.-]+:[^,;*&$|\s]+$",
        "eui": r"^eui.[a-zA-Z0-9]{16}$",
        "naa": r"^naa.[a-zA-Z0-9]{32}$",
    }
    form = forms.get(name[:3])
    return bool(form and re.search(form, name))


def _fibre_channel(field: Field) -> Errors:
    names, ids = field["targetWWNs"], field["wwids"]
    if not names and not ids:
        yield names.required("targetWWNs or wwids must be given")
    if names and ids:
        yield names.invalid("targetWWNs and wwids exclude each other")
    if names:
        yield from _below_256(field["lun"]) if field["lun"].is_set else [field["lun"].required()]


def _nfs(field: Field) -> Errors:
    yield from struct({"server": required, "path": required})(field)
    if not field["path"].text.startswith("/"):
        yield field["path"].invalid("must be an absolute path")


def _quobyte(field: Field) -> Errors:
    registry = field["registry"]
    if not registry:
        yield registry.required("must be host:port pairs")
    elif len(field["tenant"].text.encode()) >= 65:
        yield field["tenant"].required("must be a UUID of at most 64 characters")
    else:
        bad = [pair for pair in registry.text.split(",") if not _is_host_port(pair)]
        yield from (registry.invalid(f"{pair!r} is no host:port pair") for pair in bad)
    yield from required(field["volume"])


def _is_host_port(text: str) -> bool:
    host, colon, port = text.rpartition(":")
    if not colon or "[" in port or "]" in port:
        return False
    if host.startswith("["):
        return host.endswith("]") and not set(host[1:-1]) & set("[]")
    return not set(host) & set(":[]")


def _flocker(field: Field) -> Errors:
    name, uuid = field["datasetName"], field["datasetUUID"]
    if not name and not uuid:
        yield field.required("datasetName or datasetUUID must be given")
    if name and uuid:
        yield field.invalid("datasetName and datasetUUID exclude each other")
    if "/" in name.text:
        yield name.invalid("must not have '/'")


def _secret_name(field: Field) -> Errors:
    if field.is_set:
        yield from required(field["name"])


def _flex(field: Field) -> Errors:
    yield from required(field["driver"])
    for key, option in field["options"].entries():
        if f".{key.partition('/')[0].lower()}".endswith((".kubernetes.io", ".k8s.io")):
            yield option.invalid("kubernetes.io and k8s.io are reserved")


def _azure_disk(field: Field) -> Errors:
    managed = field["kind"].text == "Managed"
    start = "/subscriptions/" if managed else "https://"
    yield from struct({"diskName": required, "diskURI": required})(field)
    yield from one_of("None", "ReadOnly", "ReadWrite")(field["cachingMode"])
    yield from one_of("Dedicated", "Managed", "Shared")(field["kind"])
    if not field["diskURI"].text.startswith(start):
        yield Field(field["diskURI"].text, field["diskURI"].path).unsupported([f"{start}…"])


def _storage_os(field: Field) -> Errors:
    yield from named(formats.dns_label)(field["volumeName"])
    if field["volumeNamespace"]:
        yield from has_format(formats.dns_label)(field["volumeNamespace"])
    yield from _secret_name(field["secretRef"])


def _csi(field: Field) -> Errors:
    driver = field["driver"]
    if len(driver.text.encode()) > 63:
        yield driver.too_long(63)
    yield from named(formats.caseless_subdomain)(driver)
    reference = field["nodePublishSecretRef"]
    if reference.is_set and not reference["name"]:
        yield reference["name"].required()
    elif reference.is_set:
        yield from has_format(formats.dns_subdomain)(Field(reference["name"].value, field["name"].path))


def _ephemeral(field: Field) -> Errors:
    template = field["volumeClaimTemplate"]
    if not template.is_set:
        yield template.required()
        return
    metadata = template["metadata"]
    yield from annotations(metadata["annotations"])
    yield from label_map(metadata["labels"])
    for name, value in (metadata.value or {}).items():
        if name not in ("annotations", "labels") and value not in ("", 0):
            yield metadata["uID" if name == "uid" else name].forbidden(
                "a claim's template has labels and annotations only"
            )
    yield from claims.claim_spec(template["spec"])


def downward_file(field: Field) -> Errors:
    """A file of the downward API; its errors stand at the volume or projection, without an index."""
    yield from struct({"path": every(required, file_path), "mode": _mode})(field)
    value, amount = field["fieldRef"], field["resourceFieldRef"]
    if value.is_set:
        yield from field_reference(value, VOLUME_FIELDS)
        if amount.is_set:
            yield field.invalid("fieldRef and resourceFieldRef exclude each other")
    elif amount.is_set:
        yield from resource_reference(amount, needs_container=True)
    else:
        yield field.required("fieldRef or resourceFieldRef must be given")


def _downward(field: Field) -> Errors:
    yield from _mode(field["defaultMode"])
    for item in field["items"].elements():
        yield from downward_file(Field(item.value, field.path))


def _projected(field: Field) -> Errors:
    yield from _mode(field["defaultMode"])
    paths: set[str] = set()
    for source in field["sources"].elements():
        given = [name for name in PROJECTIONS if source[name].is_set]
        for name in given:
            yield from PROJECTIONS[name](source[name], field)
            for path in _projected_paths(source[name]):
                if path in paths:
                    yield field.invalid(f"two sources write {path}")
                paths.add(path)
        if len(given) > 1:
            yield source.forbidden("a source of a projected volume is of one type")


def _projected_paths(source: Field) -> list[str]:
    return [item["path"].text for item in source["items"].elements() if item["path"]]


def _projected_keys(source: Field, _: Field) -> Errors:
    yield from required(source["name"])
    yield from each(_key_to_path)(source["items"])


def _projected_fields(source: Field, _: Field) -> Errors:
    for item in source["items"].elements():
        yield from downward_file(Field(item.value, source.path))


def _projected_token(source: Field, volume: Field) -> Errors:
    expiry = source["expirationSeconds"]
    if expiry.number < 600:
        yield expiry.invalid("must be at least 600 seconds")
    if expiry.number > 2**32:
        yield expiry.invalid("must be at most 2^32 seconds")
    path = Field(source["path"].value, volume["path"].path)
    yield from file_path(path) if path else [path.required()]


PROJECTIONS = {
    "secret": _projected_keys,
    "configMap": _projected_keys,
    "downwardAPI": _projected_fields,
    "serviceAccountToken": _projected_token,
}
HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_KEYS: Mapping[str, Rule] = {"defaultMode": _mode, "items": each(_key_to_path)}
SOURCES: Mapping[str, Rule] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": struct({"repository": required, "directory": relative_path}),
    "gcePersistentDisk": struct({"pdName": required, "partition": _below_256}),
    "awsElasticBlockStore": struct({"volumeID": required, "partition": _below_256}),
    "secret": struct({"secretName": required, **_KEYS}),
    "nfs": _nfs,
    "iscsi": _iscsi,
    "glusterfs": struct({"endpoints": required, "path": required}),
    "flocker": _flocker,
    "persistentVolumeClaim": struct({"claimName": required}),
    "rbd": struct({"monitors": required, "image": required}),
    "cinder": struct({"volumeID": required, "secretRef": _secret_name}),
    "cephfs": struct({"monitors": required}),
    "quobyte": _quobyte,
    "downwardAPI": _downward,
    "fc": _fibre_channel,
    "flexVolume": _flex,
    "configMap": struct({"name": required, **_KEYS}),
    "azureFile": struct({"secretName": required, "shareName": required}),
    "vsphereVolume": struct({"volumePath": required}),
    "photonPersistentDisk": struct({"pdID": required}),
    "portworxVolume": struct({"volumeID": required}),
    "azureDisk": _azure_disk,
    "storageos": _storage_os,
    "projected": _projected,
    "scaleIO": struct({"gateway": required, "system": required, "volumeName": required}),
    "csi": _csi,
    "ephemeral": _ephemeral,
    "image": struct({"pullPolicy": one_of("Always", "IfNotPresent", "Never")}),
}
ODD_PATHS = {"gcePersistentDisk": "persistentDisk"}
ODD_PATHS_OF_SECONDS = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
