"""Secrets of a cluster that stand empty: filled once, kept, followed by what is made of them."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from mela.kernel import auth
from mela.kernel.sealed.files import FileProvider
from mela.runtime import keys
from mela.runtime.settings import CannotStart

PLAN = """
- {into: shop/db/web, make: random}
- {into: shop/web/MELA_TOKEN, make: token}
- {into: shop/web/MELA_DATABASE, text: "postgresql://web:${shop/db/web}@db.shop/{service}"}
- {into: bank/callers/web, hash: shop/web/MELA_TOKEN}
"""


class ApiServer(httpx2.BaseTransport):
    """Answers as the API server does for Secrets: reads, merge patches with a version, 404 and 409."""

    def __init__(self, *names: str) -> None:
        self.secrets: dict[str, dict[str, Any]] = {
            name: {"metadata": {"resourceVersion": "1"}, "data": {}} for name in names
        }
        self.writes = 0
        self.meddle: Any = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        _, _, _, _, namespace, _, name = request.url.path.split("/")
        secret = self.secrets.get(f"{namespace}/{name}")
        if secret is None:
            return httpx2.Response(404, json={})
        if request.method == "PATCH":
            if self.meddle:
                self.meddle, meddle = None, self.meddle
                meddle()
            patch = json.loads(request.read())
            if patch["metadata"]["resourceVersion"] != secret["metadata"]["resourceVersion"]:
                return httpx2.Response(409, json={})
            self.put(f"{namespace}/{name}", **patch["stringData"])
            self.writes += 1
        return httpx2.Response(200, json=secret)

    def put(self, name: str, **values: str) -> None:
        secret = self.secrets[name]
        secret.setdefault("data", {}).update(
            {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        )
        secret["metadata"]["resourceVersion"] = str(int(secret["metadata"]["resourceVersion"]) + 1)

    def value(self, slot: str) -> str:
        name, _, key = slot.rpartition("/")
        return base64.b64decode(self.secrets[name]["data"][key]).decode()


def fill(server: ApiServer, plan: str = PLAN, wait_s: float = 0.0, **more: Any) -> list[str]:
    api = keys.Api(httpx2.Client(transport=server, base_url="https://api"))
    said: list[str] = more.pop("said", [])
    return keys.fill_in_time(
        keys.parse(yaml.safe_load(plan)), api, wait_s=wait_s, waiting=said.append, **({"pause": lambda _: None} | more)
    )


def test_empty_secrets_are_filled_and_what_is_made_of_them_fits() -> None:
    server = ApiServer("shop/db", "shop/web", "bank/callers")
    assert len(fill(server)) == 4
    assert server.value("bank/callers/web") == auth.digest(server.value("shop/web/MELA_TOKEN"))
    assert (
        server.value("shop/web/MELA_DATABASE") == f"postgresql://web:{server.value('shop/db/web')}@db.shop/{{service}}"
    )
    assert server.writes == 3  # one for each Secret


def test_what_is_there_stays_and_nothing_is_written_twice() -> None:
    server = ApiServer("shop/db", "shop/web", "bank/callers")
    server.put("shop/db", web="kept")
    fill(server)
    before, writes = server.value("shop/web/MELA_TOKEN"), server.writes
    assert fill(server) == []
    assert (server.value("shop/db/web"), server.value("shop/web/MELA_TOKEN"), server.writes) == ("kept", before, writes)


def test_keys_for_personal_data_are_made_once_and_can_be_used(tmp_path: Path) -> None:
    server = ApiServer("shop/web")
    plan = "- {into: shop/web/keys.json, make: keys}"
    fill(server, plan)
    (tmp_path / "keys.json").write_text(server.value("shop/web/keys.json"))
    provider = FileProvider(tmp_path / "keys.json")
    assert provider.unwrap(provider.wrap(b"k" * 32, "web/seal/1"), "web/seal/1") == b"k" * 32
    assert fill(server, plan) == []


def test_a_changed_password_is_followed_by_the_address_made_of_it() -> None:
    server = ApiServer("shop/db", "shop/web", "bank/callers")
    fill(server)
    server.put("shop/db", web="changed")
    assert fill(server) == ["shop/web/MELA_DATABASE"]
    assert "web:changed@" in server.value("shop/web/MELA_DATABASE")


def test_a_token_that_is_taken_away_is_made_anew_and_the_old_one_stays_good_until_the_next() -> None:
    server = ApiServer("shop/db", "shop/web", "bank/callers")
    fill(server)
    first = server.value("bank/callers/web")
    del server.secrets["shop/web"]["data"]["MELA_TOKEN"]
    assert set(fill(server)) == {"shop/web/MELA_TOKEN", "bank/callers/web"}
    second = auth.digest(server.value("shop/web/MELA_TOKEN"))
    assert server.value("bank/callers/web").split() == [second, first]
    assert fill(server) == []
    del server.secrets["shop/web"]["data"]["MELA_TOKEN"]
    fill(server)
    assert server.value("bank/callers/web").split() == [auth.digest(server.value("shop/web/MELA_TOKEN")), second]


def test_a_change_by_others_at_the_same_moment_is_not_overwritten() -> None:
    server = ApiServer("shop/db", "shop/web", "bank/callers")
    server.meddle = lambda: server.put("shop/db", web="theirs")
    fill(server, wait_s=5)
    assert server.value("shop/db/web") == "theirs"
    assert "web:theirs@" in server.value("shop/web/MELA_DATABASE")


def test_a_secret_that_others_declare_is_waited_for_then_named() -> None:
    server, said = ApiServer("shop/db", "shop/web"), list[str]()

    def declare(_seconds: float) -> None:
        server.secrets["bank/callers"] = {"metadata": {"resourceVersion": "1"}}

    assert len(fill(server, wait_s=5, pause=declare, said=said)) == 4
    assert said == ["waiting: Secret bank/callers is answered 404"]
    with pytest.raises(CannotStart, match="bank/callers"):
        fill(ApiServer("shop/db", "shop/web"))


def test_a_source_that_somebody_else_fills_is_waited_for() -> None:
    plan = '[{into: shop/web/KEY, text: "${bank/gateway/key}"}]'
    server = ApiServer("shop/web", "bank/gateway")
    with pytest.raises(CannotStart, match="bank/gateway/key is still empty"):
        fill(server, plan)
    assert fill(server, plan, wait_s=5, pause=lambda _: server.put("bank/gateway", key="k")) == ["shop/web/KEY"]
    assert server.value("shop/web/KEY") == "k"


def test_an_api_server_that_is_away_is_asked_again() -> None:
    server = ApiServer("shop/db", "shop/web", "bank/callers")

    class Away(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            raise httpx2.ConnectError("refused")

    api, said = keys.Api(httpx2.Client(transport=Away(), base_url="https://api")), list[str]()

    def back(_seconds: float) -> None:
        api._http = httpx2.Client(transport=server, base_url="https://api")

    rows = keys.parse(yaml.safe_load(PLAN))
    assert len(keys.fill_in_time(rows, api, wait_s=5, waiting=said.append, pause=back)) == 4
    assert said == ["waiting: the API server does not answer (ConnectError)"]


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ({}, "a list"),
        ([], "a list"),
        (["x"], "row 1"),
        ([{"into": "shop/web/KEY"}], "row 1: write"),
        ([{"into": "shop/web/KEY", "make": "token", "text": "x"}], "row 1: write"),
        ([{"into": "shop/web/KEY", "make": "password"}], "token, operator, random"),
        ([{"into": "shop/web", "make": "token"}], "'shop/web' is not namespace/secret/key"),
        ([{"into": "shop/web/KEY", "hash": "token"}], "'token' is not namespace/secret/key"),
        ([{"into": "shop/web/KEY", "text": "${../x}"}], "is not namespace/secret/key"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_with_its_row(plan: object, why: str) -> None:
    with pytest.raises(keys.BadPlan, match=why):
        keys.parse(plan)


@pytest.mark.parametrize(("make", "prefix"), [("token", "mela_sv_"), ("operator", "mela_op_"), ("random", "")])
def test_tokens_are_of_their_kind(make: str, prefix: str) -> None:
    server = ApiServer("shop/web")
    fill(server, f"[{{into: shop/web/KEY, make: {make}}}]")
    made = server.value("shop/web/KEY")
    assert made.startswith(prefix)
    assert len(made) >= 32


@pytest.mark.parametrize("environ", [{}, {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}])
def test_outside_of_a_pod_it_says_where_it_runs(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keys, "ACCOUNT", tmp_path)
    with pytest.raises(CannotStart, match="no pod"):
        keys.in_pod(environ)
