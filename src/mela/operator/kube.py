"""The API server, asked for single objects: enough for a controller that touches three of them.

In a pod it is asked as the pod's ServiceAccount; elsewhere as a kubeconfig's current user.
"""

import base64
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import yaml

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
MERGE = {"content-type": "application/merge-patch+json"}
_CONFLICT = 409
_MISSING = 404

Json = dict[str, Any]


class Refused(Exception):
    """The API server did not do it; the text is its reason. `code` 0: it could not be reached."""

    def __init__(self, says: str, code: int = 0) -> None:
        super().__init__(says)
        self.code = code

    @property
    def is_conflict(self) -> bool:
        """Somebody else changed the object, or made it, at the same moment."""
        return self.code == _CONFLICT

    @property
    def is_missing(self) -> bool:
        return self.code == _MISSING


class Api:
    """`path` is that of the API, such as `/apis/apps/v1/namespaces/shop/deployments/web`."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def get(self, path: str) -> Json:
        """An object. Raises: Refused."""
        return self._ask("GET", path)

    def create(self, path: str, body: Json) -> Json:
        """A new object below the path of its kind. Raises: Refused, a conflict when it is there."""
        return self._ask("POST", path, body)

    def merge(self, path: str, body: Json) -> Json:
        """Change fields; with `metadata.resourceVersion` only if nobody else has. Raises: Refused."""
        return self._ask("PATCH", path, body, MERGE)

    def _ask(self, method: str, path: str, body: Json | None = None, headers: Mapping[str, str] | None = None) -> Json:
        try:
            answer = self._http.request(method, path, json=body, headers=dict(headers or {}))
        except httpx2.HTTPError as error:
            raise Refused(f"the API server does not answer ({type(error).__name__})") from error
        if not answer.is_success:
            raise Refused(_reason(answer), answer.status_code)
        found: Json = answer.json()
        return found


def in_pod(environ: Mapping[str, str]) -> Api:
    """The cluster in which this process runs. Raises: Refused outside of one."""
    if "KUBERNETES_SERVICE_HOST" not in environ or not (ACCOUNT / "token").exists():
        raise Refused("this is no pod with a ServiceAccount's token; name a kubeconfig with --kubeconfig")
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    trust = ssl.create_default_context(cafile=str(ACCOUNT / "ca.crt"))
    return Api(
        httpx2.Client(
            base_url=f"https://{f'[{host}]' if ':' in host else host}:{port}",
            timeout=10.0,
            verify=trust,
            auth=_Account(),
        )
    )


def of_kubeconfig(file: Path) -> Api:
    """The current context of a kubeconfig with certificates or a token in it. Raises: Refused."""
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"]
        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        if "client-certificate-data" in user:
            _show_certificate(trust, user)
        headers = {"authorization": f"Bearer {user['token']}"} if "token" in user else {}
        return Api(httpx2.Client(base_url=cluster["server"], timeout=10.0, verify=trust, headers=headers))
    except (OSError, KeyError, TypeError, ValueError, StopIteration, yaml.YAMLError, ssl.SSLError) as error:
        raise Refused(
            f"{file} is no kubeconfig with a cluster, a user and their certificates in it: {error!r}"
        ) from error


class _Account(httpx2.Auth):
    """The ServiceAccount's token, read each time: the kubelet renews the file."""

    def auth_flow(self, request: Any) -> Any:
        request.headers["authorization"] = f"Bearer {(ACCOUNT / 'token').read_text().strip()}"
        yield request


def _named(rows: list[Json], name: str) -> Json:
    return next(row for row in rows if row["name"] == name)


def _show_certificate(trust: ssl.SSLContext, user: Json) -> None:
    """Python reads a client's certificate from a file only."""
    with tempfile.NamedTemporaryFile() as file:
        for key in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[key]) + b"\n")
        file.flush()
        trust.load_cert_chain(file.name)


def _reason(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"the API server answers {answer.status_code}"
