"""What is typed wrongly is refused at once, with a sentence, and never rounded."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import rich_click as click
from click.testing import CliRunner, Result
from sqlalchemy.exc import DBAPIError

import mela.cli
from mela.cli import failures, render
from mela.cli.audit import audit
from mela.cli.events import events
from mela.cli.ledger import ledger
from mela.cli.payments import payments
from mela.cli.rehearse import rehearse
from mela.cli.typed import Rupees
from mela.simulators.shopper import Refused


def said(told: Result) -> str:
    return " ".join((told.stderr + told.stdout).replace("│", "").split())


@pytest.mark.parametrize(("text", "paise"), [("10", 1000), ("1,299.50", 129_950), ("₹99", 9_900), ("0.01", 1)])
def test_rupees_are_read_to_the_paisa(text: str, paise: int) -> None:
    assert Rupees().convert(text, None, None) == paise


@pytest.mark.parametrize("text", ["nan", "inf", "10.123", "1e3", "-5", "0", "ten", ""])
def test_an_amount_that_cannot_be_meant_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Rupees().convert(text, None, None)


@pytest.mark.parametrize(
    ("command", "arguments", "says"),
    [
        (payments, ["hold", "malwa-bazaar", "nan", "--reason", "why"], "is not an amount"),
        (payments, ["list", "--min", "inf"], "is not an amount"),
        (payments, ["route", "--amount", "0.5"], "₹0.50 is less than ₹1.00"),
        (ledger, ["verify", "--head", "zzzzzzzzzzzzzzzz"], "a digest has 12 to 64 characters"),
        (ledger, ["verify", "--head", "9f86d0"], "a digest has 12 to 64 characters"),
        (audit, ["nobody"], "is not one of 'accounts', 'orders', 'settlement'"),
        (rehearse, ["--html", "no/such/folder/a.html"], "there is no folder 'no/such/folder'"),
        (rehearse, ["--fix", "no/such/folder/a.patch"], "there is no folder 'no/such/folder'"),
        (rehearse, ["--compare", "--budget", "5L"], "--html, --fix and --budget are of one rehearsal"),
        (rehearse, ["--seeds", "1..3", "--fix"], "--html, --fix and --budget are of one rehearsal"),
        (events, ["plot", "tatkal", "--out", "no/such/folder/a.svg"], "there is no folder 'no/such/folder'"),
    ],
)
def test_a_wrong_value_is_refused_before_any_work(command: Any, arguments: list[str], says: str) -> None:
    told = CliRunner().invoke(command, arguments)
    assert told.exit_code == 2
    assert says in said(told)


def test_a_peak_says_whether_it_is_of_a_second_or_of_the_day() -> None:
    told = CliRunner().invoke(events, ["list"]).stdout
    assert "1,386 visits a second" in told
    assert "7,800 rides in 1m" in told
    assert "97,937 ac in all" in told
    assert "2.53 crore viewers  " in told


def test_a_field_that_is_refused_is_named() -> None:
    fields = [{"field": "path.payment_id", "reason": "String should match pattern"}]
    body = {"code": "kernel.invalid", "title": "One field is not right.", "detail": "Correct it.", "fields": fields}
    reason, fix = failures.explain(Refused(422, body)) or ("", "")
    assert reason.splitlines() == ["One field is not right. (kernel.invalid)", "path.payment_id: String should match pattern"]  # fmt: skip
    assert fix == "Correct it."


def test_a_disk_without_room_for_a_start_is_not_taken_for_a_database_that_is_away() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    reason, fix = failures.explain(DBAPIError("pragma", {}, error)) or ("", "")
    assert "it is full, or it fails" in reason
    assert "Make room" in fix


def test_a_place_where_nothing_answers_is_named() -> None:
    request = httpx2.Request("GET", "http://127.0.0.1:3100/api/payments/payments?limit=20")
    assert (failures.explain(httpx2.ConnectError("refused", request=request)) or ("",))[0] == "Nothing answers at http://127.0.0.1:3100."  # fmt: skip


@pytest.mark.parametrize("url", ["127.0.0.1:3000", "foo", "http://127.0.0.1:port"])
def test_what_is_no_address_is_told_as_that(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets.json").write_text(json.dumps({"operator_token": "token"}))
    monkeypatch.setattr("sys.argv", ["mela", "payments"])
    with pytest.raises(SystemExit) as ended:
        mela.cli.main(["payments", "list", "--url", url, "--data", str(tmp_path)])
    assert ended.value.code == 1
    assert "no address of a web server" in " ".join(capsys.readouterr().err.split())


def test_people_read_moments_in_india() -> None:
    assert render.india("2026-11-27T20:16:43Z") == "28 Nov 2026 01:46"


def _commands(group: Any, context: click.Context, path: str) -> Iterator[tuple[str, Any]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, context, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_every_command_shows_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["mela", *mela.cli._COMMANDS])
    context = click.Context(mela.cli.cli)
    found = dict(_commands(mela.cli.cli, context, "mela"))
    assert len(found) > 40
    assert [name for name, command in found.items() if not (command.epilog or "").startswith("Example")] == []
