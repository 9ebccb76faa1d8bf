"""Settings of accounts, read from `MELA_ACCOUNTS_*`."""

import re
from dataclasses import dataclass, field

HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class AccountsSettings:
    """Limits of signing in, and where messages go."""

    sms_url: str
    """Where the SMS provider's API begins: http://127.0.0.1:3000/sim/sms"""
    operator_token_hash: str | None = None
    """SHA-256 of the operator's token, in hex; without it nobody is the operator."""
    code_key: str | None = field(
        default=None, repr=False, metadata={"secret": True, "help": "Secret from which codes are derived, at least 32 "
            "characters. Without it one is made and kept in the database, which then can tell the codes of the last minutes."},
    )  # fmt: skip
    code_valid_s: int = 300
    """How long a code works, in seconds."""
    code_tries: int = 5
    """How many tries a code stands."""
    resend_after_s: int = 30
    """A phone gets one code in this many seconds."""
    codes_per_hour: int = 5
    """A phone gets at most so many codes in an hour."""
    codes_per_day: int = 20
    """A phone gets at most so many codes in a day: with 5 tries each, at most 100 guesses at a million codes."""
    session_days: int = 30
    """A session ends when it was not used for so long."""
    session_extend_after_s: int = 3600
    """A session in use is extended when this much time has passed since the last time."""
    sessions_per_customer: int = 20
    """Signing in on one more device ends the oldest session."""
    sms_timeout_s: float = 3.0
    """The SMS provider has so long to take a message."""
    sms_again_s: float = 5.0
    """A message that was not taken is sent again after so long, while its code is valid."""

    def __post_init__(self) -> None:
        """Raises: ValueError."""
        if self.operator_token_hash is not None and not HASH.fullmatch(self.operator_token_hash):
            raise ValueError("operator_token_hash must be a SHA-256 in hex: 64 of 0-9 and a-f")
        if self.code_key is not None and len(self.code_key) < 32:
            raise ValueError("code_key must have at least 32 characters")
        limits = (self.code_valid_s, self.code_tries, self.codes_per_hour, self.codes_per_day)
        if min(*limits, self.session_days, self.sessions_per_customer) < 1:
            raise ValueError("limits of codes and sessions must be at least 1")
        if self.sms_again_s <= self.sms_timeout_s:
            raise ValueError(
                "sms_again_s must be longer than sms_timeout_s: a message is sent again after the try is over"
            )
