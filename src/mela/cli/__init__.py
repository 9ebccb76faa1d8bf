"""The command line: `mela`. One module per noun; `render` alone prints; nothing heavy is imported before it is needed."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import rich_click as click

from mela import __version__

_COMMANDS = {
    "up": ("mela.cli.platform", "up"),
    "serve": ("mela.cli.platform", "serve"),
    "migrate": ("mela.cli.platform", "migrate"),
    "services": ("mela.cli.platform", "services"),
    "doctor": ("mela.cli.doctor", "doctor"),
    "data": ("mela.cli.data", "data"),
    "buy": ("mela.cli.shopping", "buy"),
    "settle": ("mela.cli.settlement", "settle"),
    "payments": ("mela.cli.payments", "payments"),
    "ledger": ("mela.cli.ledger", "ledger"),
    "merchants": ("mela.cli.merchants", "merchants"),
    "webhooks": ("mela.cli.webhooks", "webhooks"),
    "keys": ("mela.cli.keys", "keys"),
    "accounts": ("mela.cli.accounts", "accounts"),
    "audit": ("mela.cli.audit", "audit"),
    "parked": ("mela.cli.parked", "parked"),
    "verify": ("mela.cli.verify", "verify"),
    "events": ("mela.cli.events", "events"),
    "rehearse": ("mela.cli.rehearse", "rehearse"),
    "predict": ("mela.cli.predict", "predict"),
    "calibrate": ("mela.cli.calibrate", "calibrate"),
}
_ABOUT = {
    "up": "Run the whole platform in one process.",
    "serve": "Run one service, as a pod does.",
    "migrate": "Bring databases to this version's schema, and stop.",
    "services": "List the services, what they call and what they hear.",
    "doctor": "Say what is installed, what answers and what is wrong.",
    "data": "Load sample data.",
    "buy": "Play a whole purchase against a running platform.",
    "settle": "Pay the sellers of a settlement date.",
    "payments": "Payments: lists, the life of one, days held against the provider's files.",
    "ledger": "The books: balances of any moment, and whether the seals hold.",
    "merchants": "API keys of those who take payments: list, create, rotate, revoke.",
    "webhooks": "Endpoints that are told what happened, dead letters, replays.",
    "keys": "Keys of personal data: list, rotate while all runs. Secrets of a cluster.",
    "accounts": "Customers: erase who asked for it.",
    "audit": "Who read personal data, when, and by which route.",
    "parked": "Events of services that wait, and events that are parked.",
    "verify": "Say what is wrong with Kubernetes manifests, what will happen, how to mend it.",
    "predict": "Lift an autoscaler's floor before the crowd comes, and give it back after.",
    "rehearse": "Play a big day through manifests: what breaks, when, why, which field to change.",
    "calibrate": "Measure what a request costs, for a call graph.",
    "events": "National events as dated, sourced curves: list, show, plot.",
}


class _Lazy(click.RichGroup):
    """Knows its commands by name, and imports one only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> Any:
        """The command itself; for the list in `--help` a stand-in with its sentence."""
        if name not in _COMMANDS:
            return None
        if name not in sys.argv:
            return click.RichCommand(name=name, help=_ABOUT[name])
        module, attribute = _COMMANDS[name]
        return getattr(importlib.import_module(module), attribute)


@click.command(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with `mela up`, then in another terminal `mela buy atta`.",
)
@click.version_option(__version__, prog_name="mela")
def cli() -> None:
    """Mela: India-scale commerce on Kubernetes."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `mela`. A failure that is known says what to do and exits 1."""
    try:
        cli(arguments, standalone_mode=True)
    except Exception as error:
        from mela.cli import render

        if not render.failure(error):
            raise
        sys.exit(1)
