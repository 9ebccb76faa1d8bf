"""Fills Secrets that stand empty in a cluster, by a plan: what is there stays, so it may run at any time and as often as one likes.

No secret value stands in a file. A manifest declares its Secrets without values and a Job that runs this with the right to
read and change just these. A plan is a list of rows; `into` is namespace/secret/key:

    - {into: shop/web/MELA_TOKEN, make: token}                    # or operator, random, keys: made when there is none
    - {into: shop/callers/web, hash: shop/web/MELA_TOKEN}         # follows what it is made from; the last one stays good
    - {into: shop/web/MELA_DATABASE, text: "postgresql://web:${shop/db/web}@db.shop/{service}"}

हिन्दी: गुप्त मान Git में नहीं रहते; यह Job उन्हें क्लस्टर के भीतर बनाता है, और जो पहले से है उसे नहीं छूता।
"""

import base64
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx2

from mela.kernel import auth, ids
from mela.kernel.sealed.files import first_keys
from mela.runtime.settings import CannotStart

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ (2026-11-26)."""
_SLOT = re.compile(r"[a-z0-9.-]+/[a-z0-9.-]+/[A-Za-z0-9._-]+")
_NAMED = re.compile(r"\$\{([^}]*)\}")
MAKES = ("token", "operator", "random", "keys")
_AGAIN_S = 2.0
_CONFLICT = 409


class BadPlan(ValueError):
    """The plan cannot be followed; the text says which row and why."""


@dataclass(frozen=True)
class Row:
    """One value. `how` is make, text or hash."""

    into: str
    how: str
    what: str

    @property
    def sources(self) -> list[str]:
        """The slots from which the value is made."""
        return [self.what] if self.how == "hash" else _NAMED.findall(self.what) if self.how == "text" else []


class Cluster(Protocol):
    """Where Secrets are kept."""

    def get(self, path: str) -> Mapping[str, Any]:
        """The Secret at `namespace/name`. Raises: NotYet."""
        ...

    def change(self, path: str, version: str, values: Mapping[str, str]) -> None:
        """Set keys of a Secret that is still at `version`. Raises: NotYet."""
        ...


class NotYet(Exception):
    """A Secret is missing, closed to us, or was changed at the same moment; the text says which."""


def parse(plan: object) -> list[Row]:
    """Raises: BadPlan."""
    if not isinstance(plan, list) or not plan:
        raise BadPlan("a plan is a list of rows such as `- {into: shop/web/MELA_TOKEN, make: token}`")
    return [_row(number, written) for number, written in enumerate(plan, 1)]


def _row(number: int, written: object) -> Row:
    fields = written if isinstance(written, dict) else {}
    hows = [how for how in ("make", "text", "hash") if isinstance(fields.get(how), str)]
    if len(fields) != 2 or len(hows) != 1 or not isinstance(fields.get("into"), str):
        raise BadPlan(f"row {number}: write `into` and one of make, text, hash")
    row = Row(fields["into"], hows[0], fields[hows[0]])
    if row.how == "make" and row.what not in MAKES:
        raise BadPlan(f"row {number}: make is one of {', '.join(MAKES)}, not {row.what!r}")
    for slot in (row.into, *row.sources):
        if not _SLOT.fullmatch(slot):
            raise BadPlan(f"row {number}: {slot!r} is not namespace/secret/key")
    return row


def fill(rows: Sequence[Row], cluster: Cluster) -> Iterator[str]:
    """Follow the plan once; tells each slot that was written. Raises: NotYet."""
    names = dict.fromkeys(slot.rpartition("/")[0] for row in rows for slot in (row.into, *row.sources))
    found = {name: cluster.get(name) for name in names}
    values = {
        f"{name}/{key}": base64.b64decode(kept).decode()
        for name, secret in found.items() for key, kept in (secret.get("data") or {}).items() if kept
    }  # fmt: skip
    changed = []
    for slot, value in _wanted(rows, values):
        if values.get(slot) != value:
            values[slot] = value
            changed.append(slot)
    for name in dict.fromkeys(slot.rpartition("/")[0] for slot in changed):
        mine = {slot.rpartition("/")[2]: values[slot] for slot in changed if slot.rpartition("/")[0] == name}
        cluster.change(name, found[name]["metadata"]["resourceVersion"], mine)
        yield from (f"{name}/{key}" for key in mine)


def _wanted(rows: Sequence[Row], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What each row's slot is to hold, in order: a row may build on those above. Raises: NotYet for a source that is empty."""
    for row in rows:
        for source in row.sources:
            if source not in values:
                raise NotYet(f"{source} is still empty")
        if row.how == "make":
            yield row.into, values.get(row.into) or _made(row.what)
        elif row.how == "hash":
            yield row.into, _with_last(auth.digest(values[row.what]), values.get(row.into, ""))
        else:
            yield row.into, _NAMED.sub(lambda match: values[match[1]], row.what)


def _with_last(fresh: str, kept: str) -> str:
    """A hash, and below it the one before it: until all pods have the new token, both are good."""
    return kept if fresh in kept.split()[:1] else "\n".join((fresh, *kept.split()[:1]))


def _made(what: str) -> str:
    if what == "keys":
        return json.dumps(first_keys())
    return ids.new_secret() if what == "random" else auth.new_token("operator" if what == "operator" else "service")[0]


def fill_in_time(
    rows: Sequence[Row], cluster: Cluster, *, wait_s: float, waiting: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
) -> list[str]:  # fmt: skip
    """As `fill`, again and again until it can be done: files are applied in any order. Raises: CannotStart after `wait_s`."""
    limit = time.monotonic() + wait_s
    while True:
        try:
            return list(fill(rows, cluster))
        except NotYet as error:
            if time.monotonic() >= limit:
                raise CannotStart(
                    f"Secrets could not be filled in {wait_s:.0f} s: {error}.",
                    "Apply the manifest that declares it, and the Role that lets this ServiceAccount change it.",
                ) from error
            waiting(f"waiting: {error}")
            pause(_AGAIN_S)


class Api:
    """The API server, asked as the pod's own ServiceAccount."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def get(self, path: str) -> Mapping[str, Any]:
        """See `Cluster.get`."""
        found: Mapping[str, Any] = self._ask("GET", path).json()
        return found

    def change(self, path: str, version: str, values: Mapping[str, str]) -> None:
        """See `Cluster.change`."""
        self._ask("PATCH", path, {"metadata": {"resourceVersion": version}, "stringData": dict(values)})

    def _ask(self, method: str, path: str, body: object = None) -> httpx2.Response:
        namespace, _, name = path.partition("/")
        kind = {"content-type": "application/merge-patch+json"} if body else {}
        try:
            answer = self._http.request(
                method, f"/api/v1/namespaces/{namespace}/secrets/{name}", json=body, headers=kind
            )
        except httpx2.HTTPError as error:
            raise NotYet(f"the API server does not answer ({type(error).__name__})") from error
        if answer.is_success:
            return answer
        why = (
            "was changed at the same moment" if answer.status_code == _CONFLICT else f"is answered {answer.status_code}"
        )
        raise NotYet(f"Secret {path} {why}")


def in_pod(environ: Mapping[str, str]) -> Api:
    """The API server of the cluster in which this process runs. Raises: CannotStart outside of one."""
    if "KUBERNETES_SERVICE_HOST" not in environ or not (ACCOUNT / "token").exists():
        raise CannotStart("This is no pod with a ServiceAccount's token.", "It runs as a Job: see kubernetes/01-…yaml.")
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    return Api(
        httpx2.Client(
            base_url=f"https://{f'[{host}]' if ':' in host else host}:{port}", timeout=10.0,
            verify=ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt")),
            headers={"authorization": f"Bearer {(ACCOUNT / 'token').read_text().strip()}"},
        )
    )  # fmt: skip
