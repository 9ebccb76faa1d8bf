"""Secret values in clear: in Secret objects, which base64 does not hide, in ConfigMaps, environments and arguments.

A value is told by its own form (a private key, a token of a known maker, a URL with a password) or by the name it has.
Values that are filled in later (`${PASSWORD}`, `$(PASSWORD)`, `<password>`, `change-me`) and comments are not told. No value is ever
repeated in a finding.
"""

import base64
import binascii
import re
from collections.abc import Iterator

from mela.cluster import workloads
from mela.cluster.checks import Finding, rule
from mela.cluster.objects import Object, Path, System
from mela.cluster.workloads import maps, text

FORMS = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a URL with a password", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s:/@\"'<>${}]*:(?![<${])[^\s:/@\"'<>${}]{3,}@")),
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("a GitHub token", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_\w{60,}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}")),
    ("a live key of a payment gateway", re.compile(r"\b(?:rzp_live_[A-Za-z0-9]{14,}|[sr]k_live_[A-Za-z0-9]{20,})")),
    ("a Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("a signed token (JWT)", re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}")),
)
"""Values that give themselves away."""
NAME = re.compile(
    r"(?:^|[._-])(?:(?:[a-z0-9]+[._-])*(?:password|passwd|passphrase|pwd|secret|token|api[._-]?key|apikey|private[._-]?key"
    r"|access[._-]?key|secret[._-]?key|encryption[._-]?key|signing[._-]?key|credentials?))$",
    re.IGNORECASE,
)
"""Names that end in a word for a secret: `DB_PASSWORD`, not `PASSWORD_FILE` or `TOKEN_TTL`."""
OPEN = re.compile(r"(?:^|[._-])(?:user|host|server|port|database|\w*name|region|endpoint|issuer|type|sslmode|url|uri|path|project|ca\.crt|tls\.crt|crt|pem\.pub|pub)$", re.IGNORECASE)  # fmt: skip
"""Keys of Secrets whose values need not be hidden."""
LATER = re.compile(
    r"\$\{|\$\(|\{\{|\(@=|^#@|^REDACTED$|^[#*•]{3,}$|^<[^<>]*>$|^%[A-Z_]+%$|^__\w+__$|^@@?\w+@@?$|^vault:|^ref\+|^ENC\[|^AgA|^op://|^!\w+(?: |$)"
    r"|^(?i:(?:please[-_ ]?)?(?:change|replace)[-_ ]?(?:me|it|this)\b|your[-_ ]|(?:to[-_ ]?be[-_ ]?)?(?:changed|replaced)$|placeholder$|todo$|x{4,}$)"
)
"""Values that something else, or a person, fills in or decrypts before they are used."""
COMMENT = re.compile(r"^[ \t]*(?:#|//|;).*$", re.MULTILINE)
NO_SECRET = re.compile(r"^$|^(?:true|false|yes|no|on|off|none|null|\d{1,5}|\d+[smhd])$|^/[\w./-]*$", re.IGNORECASE)
"""Switches, small numbers, durations and paths, whatever the name says."""
FILE = re.compile(r"\.(?:ya?ml|ini|conf|cfg|toml|properties|xml|tmpl|env)$")
"""Keys whose values are whole files, judged line by line."""
LINE = re.compile(r"^[ \t-]*[\"']?(?P<name>[\w.-]+)[\"']?[ \t]*[:=][ \t]*[\"']?(?P<value>[^\s\"'#,]+)", re.MULTILINE)
A_NAME = re.compile(r"(?:[a-z][a-z.]*/)?[a-z]+(?:-[a-z]+)+")
"""What the name of a Secret looks like, as an argument such as `--tls-secret` has it."""
ARGUMENT = re.compile(r"^--?(?P<name>[\w.-]+)[=](?P<value>.+)$", re.DOTALL)

_POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: web, namespace: shop}
    spec:
      containers:
        - name: web
          image: example.org/web:1.4.2
          args: [--db-password=$(DB_PASSWORD)]
          env:
            - name: DB_PASSWORD
              valueFrom: {secretKeyRef: {name: db, key: password}}
    """


def _form(value: str) -> str:
    """What kind of secret a value plainly is; empty if it is none."""
    if len(value) < 12:
        return ""
    found = (name for name, form in FORMS if (match := form.search(value)) and not LATER.search(match[0]))
    return next(found, "")


def _told(name: str, value: str) -> str:
    """Why a named value is a secret; empty if it is none."""
    if form := _form(value):
        return form
    is_plain = NO_SECRET.fullmatch(value.strip()) or LATER.search(value.strip())
    is_name = name.lower().endswith("secret") and A_NAME.fullmatch(value.strip())
    return f"a value for {name}" if NAME.search(name) and not is_plain and not is_name else ""


def _in_file(value: str) -> str:
    """Why a line of a file holds a secret; empty if none does."""
    value = COMMENT.sub("", value)
    found = (_told(match["name"], match["value"]) for match in LINE.finditer(value))
    return _form(value) or next((each for each in found if each), "")


@rule(
    id="secret-in-files",
    severity="error",
    about="Secrets stand in the files without values: a controller, a Job or a person fills them in the cluster.",
    good="""
    apiVersion: v1
    kind: Secret
    metadata: {name: db, namespace: shop}
    stringData: {username: shop}
    """,
    bad="""
    apiVersion: v1
    kind: Secret
    metadata: {name: db, namespace: shop}
    data: {password: aHVudGVyMi1odW50ZXIy}
    """,
)
def secret_in_files(system: System) -> Iterator[Finding]:
    for secret in system.kind("Secret"):
        for path, key, value in _values(secret):
            is_open = not _in_file(value) if FILE.search(key) else OPEN.search(key) and not _form(value)
            if value.strip() and not is_open and not LATER.search(value.strip()):
                yield Finding(
                    secret,
                    path,
                    says=f"The value of {key} stands in the file{'; base64 is no encryption' if path[0] == 'data' else ''}.",
                    happens="Everybody who may read the repository, now or in its history, has it; it cannot be taken back.",
                    mend="Change the value where it is used, remove it here, and let a controller (External Secrets, Sealed "
                    "Secrets), a Job or a person make the Secret.",
                )


def _values(secret: Object) -> Iterator[tuple[Path, str, str]]:
    """Each value in clear; one that is not text is told as it stands."""
    for key, value in workloads.texts(secret.get("stringData")).items():
        yield ("stringData", key), key, value
    for key, value in workloads.texts(secret.get("data")).items():
        yield ("data", key), key, _decoded(value)


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return value


@rule(
    id="secret-in-config",
    severity="error",
    about="A ConfigMap holds no secrets.",
    good="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: shop}
    data: {DB_HOST: db, DB_PASSWORD_FILE: /run/secrets/db, SESSION_TOKEN_TTL: 30m}
    """,
    bad="""
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: web, namespace: shop}
    data: {DATABASE_URL: "postgresql://shop:hunter2hunter2@db:5432/shop"}
    """,
)
def secret_in_config(system: System) -> Iterator[Finding]:
    for thing in system.kind("ConfigMap"):
        for key, value in workloads.texts(thing.get("data")).items():
            if told := _in_file(value) if FILE.search(key) else _told(key, value):
                yield Finding(
                    thing,
                    ("data", key),
                    says=f"{key} holds {told}, in clear.",
                    happens="Everybody who may read the repository, or ConfigMaps in the namespace, has it.",
                    mend="Change the value where it is used, and keep the new one in a Secret that stands in no file.",
                )


@rule(
    id="secret-in-pod",
    severity="error",
    about="Environment variables, commands and arguments refer to Secrets instead of holding them.",
    good=_POD,
    bad=_POD.replace("valueFrom: {secretKeyRef: {name: db, key: password}}", "value: hunter2-hunter2"),
)
def secret_in_pod(system: System) -> Iterator[Finding]:
    for thing, path, name, value in _words(system):
        if told := _told(name, value):
            yield Finding(
                thing,
                path,
                says=f"{name + ' is' if name and name not in told else 'This is'} {told}, in clear.",
                happens="Everybody who may read the repository or the pod, or list the node's processes, has it.",
                mend="Change the value where it is used, and give it by `valueFrom.secretKeyRef`.",
            )


def _words(system: System) -> Iterator[tuple[Object, Path, str, str]]:
    """Object, path, name and value; words without a name have only their form."""
    for workload in workloads.of(system).all:
        for container in workload.containers:
            for index, variable in maps(container.data.get("env")):
                yield (
                    workload.object,
                    (*container.at, "env", index, "value"),
                    text(variable.get("name")),
                    text(variable.get("value")),
                )
            for part in ("command", "args"):
                words = container.data.get(part)
                for index, word in enumerate(words if isinstance(words, list) else ()):
                    match = ARGUMENT.match(text(word))
                    name, value = (match["name"], match["value"]) if match else ("", text(word))
                    yield workload.object, (*container.at, part, index), name, value
