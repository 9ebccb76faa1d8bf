"""Settings from environment variables: what is read, what is refused and how it is said."""

from contextlib import suppress
from dataclasses import dataclass, field, make_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NewType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mela.kernel import settings

Paise = NewType("Paise", int)


class Bus(StrEnum):
    MEMORY = "memory"
    KAFKA = "kafka"


@dataclass(frozen=True)
class Orders:
    """A service's settings, one of each type."""

    database_url: str
    """Where the orders are kept."""
    port: int = 3000
    """TCP port, 0 for any."""
    timeout_s: float = 2.5
    debug: bool = False
    data: Path = Path("data")
    level: Literal["info", "debug"] = "info"
    bus: Bus = Bus.MEMORY
    peers: tuple[str, ...] = ()
    broker: str | None = None
    fee: Paise = Paise(0)
    token: str | None = field(default=None, repr=False, metadata={"secret": True, "help": "Between services."})


URL = {"MELA_ORDERS_DATABASE_URL": "sqlite:///orders.db"}


def read(**variables: str) -> Orders:
    return settings.read(Orders, "MELA_ORDERS", URL | {f"MELA_ORDERS_{name}": text for name, text in variables.items()})


def problems(**variables: str) -> list[str]:
    with pytest.raises(settings.SettingsError) as refused:
        read(**variables)
    return refused.value.problems


def test_defaults_stand_where_nothing_is_set() -> None:
    assert read() == Orders("sqlite:///orders.db")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("PORT", "8080", 8080),
        ("PORT", "-1", -1),
        ("TIMEOUT_S", "3", 3.0),
        ("TIMEOUT_S", "1e-3", 0.001),
        ("DEBUG", "yes", True),
        ("DEBUG", "ON", True),
        ("DEBUG", "0", False),
        ("DATA", "/var/mela", Path("/var/mela")),
        ("LEVEL", "debug", "debug"),
        ("BUS", "kafka", Bus.KAFKA),
        ("PEERS", "a, b,,c ", ("a", "b", "c")),
        ("BROKER", "localhost:9092", "localhost:9092"),
        ("FEE", "250", 250),
    ],
)
def test_each_type_is_read(name: str, text: str, value: object) -> None:
    found = getattr(read(**{name: text}), name.lower())
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("PORT", "80a", "a whole number"),
        ("PORT", "8_0", "a whole number"),
        ("PORT", "८०", "a whole number"),
        ("PORT", "8.0", "a whole number"),
        ("TIMEOUT_S", "nan", "a number"),
        ("TIMEOUT_S", "1e999", "a number"),
        ("TIMEOUT_S", "2s", "a number"),
        ("DEBUG", "maybe", "true or false"),
        ("LEVEL", "trace", "one of info, debug"),
        ("BUS", "rabbit", "one of memory, kafka"),
        ("FEE", "2.50", "a whole number"),
    ],
)
def test_a_wrong_value_names_the_variable_the_value_and_the_form(name: str, text: str, form: str) -> None:
    [problem] = problems(**{name: text})
    assert problem.startswith(f"MELA_ORDERS_{name} is {text!r}; it takes {form}")


def test_a_missing_value_names_the_variable_and_the_form() -> None:
    with pytest.raises(settings.SettingsError, match=r"^MELA_ORDERS_DATABASE_URL is not set; it takes a text$"):
        settings.read(Orders, "MELA_ORDERS", {})


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    assert problems(PROT="1") == ["MELA_ORDERS_PROT is not a setting; did you mean MELA_ORDERS_PORT?"]


def test_every_problem_is_told_at_once() -> None:
    assert len(problems(PORT="x", DEBUG="x", COLOUR="x")) == 3


def test_variables_of_others_are_left_alone() -> None:
    others = {"MELA_ORDERSX_PORT": "x", "PATH": "/bin", "MELA_PAYMENTS_PORT": "x"}
    assert settings.read(Orders, "MELA_ORDERS", URL | others) == read()


def test_the_prefix_may_end_with_an_underscore() -> None:
    assert settings.read(Orders, "MELA_ORDERS_", URL) == read()


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read(PORT="", BROKER="", COLOUR="") == read()


@dataclass(frozen=True)
class Signing:
    """A secret that is not a text."""

    pin: int = field(default=0, repr=False, metadata={"secret": True})


def test_a_wrong_secret_is_not_shown() -> None:
    with pytest.raises(settings.SettingsError) as refused:
        settings.read(Signing, "MELA", {"MELA_PIN": "hunter2"})
    assert refused.value.problems == ["MELA_PIN is a secret of 7 characters; it takes a whole number"]


@dataclass(frozen=True)
class Careless:
    """A secret that would be printed."""

    token: str = field(default="", metadata={"secret": True})


def test_a_secret_that_would_be_printed_is_a_mistake_in_the_class() -> None:
    with pytest.raises(TypeError, match="repr=False"):
        settings.read(Careless, "MELA", {})


@dataclass(frozen=True)
class Pool:
    """Settings that check themselves."""

    size: int = 1

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("size must be 1 or more")


def test_what_the_class_refuses_is_a_settings_error() -> None:
    with pytest.raises(settings.SettingsError, match="size must be 1 or more"):
        settings.read(Pool, "MELA_POOL", {"MELA_POOL_SIZE": "0"})


@dataclass(frozen=True)
class Unreadable:
    """A type that no variable can hold."""

    hosts: dict[str, str] = field(default_factory=dict)


def test_a_type_without_a_form_is_a_mistake_in_the_class() -> None:
    with pytest.raises(TypeError, match="no form"):
        settings.read(Unreadable, "MELA", {})


@pytest.mark.parametrize(
    "name", ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_80_TCP", "PORT_80_TCP_ADDR"]
)
def test_a_variable_that_kubernetes_injects_is_told_as_such(name: str) -> None:
    [problem] = problems(**{name: "10.0.0.1"})
    assert "enableServiceLinks: false" in problem


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MELA_SOMETEST_SIZE", "7")
    assert settings.read(Pool, "MELA_SOMETEST") == Pool(7)


@given(st.dictionaries(st.sampled_from(["PORT", "DEBUG", "FEE", "LEVEL", "TIMEOUT_S", "PEERS"]), st.text()))
def test_any_text_is_read_or_refused(variables: dict[str, str]) -> None:
    with suppress(settings.SettingsError):
        assert isinstance(read(**variables), Orders)


def test_describe_lists_every_variable() -> None:
    described = {each.name: each for each in settings.describe(Orders, "MELA_ORDERS")}
    url, port, token = (described[f"MELA_ORDERS_{name}"] for name in ("DATABASE_URL", "PORT", "TOKEN"))
    assert len(described) == 11
    assert (url.default, url.form, url.help) == (None, "a text", "Where the orders are kept.")
    assert (port.default, port.help) == ("3000", "TCP port, 0 for any.")
    assert (token.default, token.help, token.secret) == ("", "Between services.", True)


def test_help_is_empty_where_the_source_is_not_at_hand() -> None:
    made = make_dataclass("Made", [("size", int, 1)], frozen=True)
    [variable] = settings.describe(made, "MELA")
    assert (variable.name, variable.help) == ("MELA_SIZE", "")


def test_described_defaults_can_be_written_back() -> None:
    written = {each.name: each.default for each in settings.describe(Orders, "MELA_ORDERS") if each.default}
    given_back: Any = settings.read(Orders, "MELA_ORDERS", URL | written)
    assert given_back == read()
