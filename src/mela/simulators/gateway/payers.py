"""Who pays in the simulated UPI app: accounts with their banks' limits and PINs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

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
    document = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    accounts = [Account(**({"pin": document["pin"]} | row)) for row in document["accounts"]]
    return Payers({account.vpa: account for account in accounts}, document["pin"], document["pin_tries"])
