"""Who pays in the simulated UPI app: accounts with their banks' limits and PINs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mela.kernel import tables

_FILE = Path(__file__).parent / "data" / "payers.yaml"


@dataclass(frozen=True)
class Account:
    """An account behind a VPA. Above `most` paise the bank refuses with `code`."""

    vpa: str
    holder: str
    bank: str
    masked: str
    most: int
    code: str
    pin: str


@dataclass(frozen=True)
class Payers:
    """All accounts by VPA, the PIN of every other one, and how often a PIN may be wrong."""

    accounts: dict[str, Account]
    pin: str
    tries: int


@cache
def payers() -> Payers:
    """What the file says."""
    document = tables.read(_FILE)
    accounts = [Account(**({"pin": document["pin"]} | row)) for row in document["accounts"]]
    return Payers({account.vpa: account for account in accounts}, document["pin"], document["pin_tries"])
