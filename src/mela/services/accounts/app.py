"""What the runtime reads of accounts."""

from pathlib import Path

from mela.contracts.accounts import Accounts as Contract
from mela.kernel import i18n, tables
from mela.kernel.service import Context, Job, Parts, Service
from mela.services.accounts import routes, rules, store
from mela.services.accounts.service import Accounts
from mela.services.accounts.settings import AccountsSettings

_MESSAGES = Path(__file__).parent / "data" / "messages.yaml"
_IDENTIFY = frozenset({"identify"})
_RETENTION = Path(__file__).parent / "data" / "retention.yaml"


def build(context: Context[AccountsSettings]) -> Parts:
    """Put the service together."""
    accounts = Accounts(
        context.db, context.clock, context.http, i18n.Messages.load(_MESSAGES), context.settings, rules.retention(tables.read(_RETENTION)),
    )  # fmt: skip
    return Parts(
        implementation=accounts,
        router=routes.router(accounts, context.settings),
        jobs=[
            Job("send_codes", 2.0, accounts.send_waiting_codes),
            Job("extend_sessions", 30.0, accounts.extend_sessions),
            Job("forget", 600.0, accounts.forget),
        ],
    )


SERVICE = Service(
    name="accounts",
    settings=AccountsSettings,
    build=build,
    contract=Contract,
    permits=dict.fromkeys(("catalog", "payments", "settlement", "webhooks"), _IDENTIFY)
    | {"orders": _IDENTIFY | {"erased"}},
    migrations="mela.services.accounts.migrations",
    messages=_MESSAGES,
    personal=store.PERSONAL,
)
