"""ConfigMaps and Secrets.

Source: https://kubernetes.io/docs/concepts/configuration/ and pkg/apis/core/validation/validation.go v1.36.3 (read
2026-11-23).
"""

from collections.abc import Mapping

from mela.cluster.admission.validation import formats, json_texts
from mela.cluster.admission.validation.checks import Errors
from mela.cluster.admission.validation.field import Field

LARGEST_BYTES = 1024 * 1024
ACCOUNT = "kubernetes.io/service-account.name"
DOCKER_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}
NEEDED_KEYS: Mapping[str, tuple[str, ...]] = {"kubernetes.io/tls": ("tls.crt", "tls.key")}


def config_map(field: Field) -> Errors:
    """Texts and bytes share their keys and a mebibyte; upstream tells an excess at the field `[]`."""
    data, binary = field["data"], field["binaryData"]
    for name, entry in data.entries():
        yield from _key(name, entry)
        if name in (binary.value or {}):
            yield Field(name, entry.path).invalid("stands in binaryData too")
    for name, entry in binary.entries():
        yield from _key(name, entry)
    size = sum(len(text.encode()) for text in (data.value or {}).values())
    if size + sum(len(content) for content in (binary.value or {}).values()) > LARGEST_BYTES:
        yield Field(None, "[]").too_long(LARGEST_BYTES)


def secret(field: Field) -> Errors:
    """Types that Kubernetes knows have keys that must be there."""
    data = field["data"]
    found = secret_data(field)
    for name in found:
        yield from _key(name, data.entry(name))
    if sum(map(len, found.values())) > LARGEST_BYTES:
        yield data.too_long(LARGEST_BYTES)
    yield from _type(field["type"].text, field, found)


def secret_data(field: Field) -> dict[str, bytes]:
    """What is stored: `data`, with `stringData` over it."""
    texts = field["stringData"].value or {}
    return {**(field["data"].value or {}), **{name: text.encode() for name, text in texts.items()}}


def _type(type_: str, field: Field, found: Mapping[str, bytes]) -> Errors:
    data = field["data"]
    for key in NEEDED_KEYS.get(type_, ()):
        if key not in found:
            yield data.entry(key).required()
    if type_ in DOCKER_KEYS:
        yield from _docker(data.entry(DOCKER_KEYS[type_]), found.get(DOCKER_KEYS[type_]))
    if type_ == "kubernetes.io/service-account-token":
        account = field["metadata"]["annotations"].entry(ACCOUNT)
        if not account:
            yield account.required()
    if type_ == "kubernetes.io/basic-auth" and not {"username", "password"} & set(found):
        yield data.entry("username").required()
        yield data.entry("password").required()
    if type_ == "kubernetes.io/ssh-auth" and not found.get("ssh-privatekey"):
        yield data.entry("ssh-privatekey").required()


def _docker(field: Field, content: bytes | None) -> Errors:
    """A JSON object; its content is kept out of the error."""
    hidden = Field(None, field.path)
    if content is None:
        yield hidden.required()
        return
    try:
        sound = isinstance(json_texts.read(content), dict | type(None))
    except ValueError:
        sound = False
    if not sound:
        yield hidden.invalid("must be a JSON object")


def _key(name: str, field: Field) -> Errors:
    yield from (Field(name, field.path).invalid(problem) for problem in formats.config_key(name))
