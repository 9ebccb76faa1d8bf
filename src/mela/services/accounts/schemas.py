"""What the API of accounts takes and gives."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from mela.kernel import auth
from mela.kernel.auth import Mode
from mela.kernel.web.inputs import LINE, Network, Phone, Strict
from mela.kernel.web.pages import Page
from mela.services.accounts.model import Customer, Kept, Language, NewKey, Token

SESSION = "ses_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
KEY = "key_01KAR4T0GQ8V6M2Z3XJY5N7P9B"
SellerId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{1,39}$")]
Name = Annotated[str, StringConstraints(max_length=80, pattern=LINE), AfterValidator(str.strip)]
Scope = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}:[a-z]{1,20}$")]


class CodeIn(Strict):
    """Who wants to sign in."""

    phone: Phone = Field(description="Indian mobile number", examples=["+919876543210"])


class CodeOut(BaseModel):
    """A code is on its way."""

    expires_in_s: int = Field(description="It works for so many seconds", examples=[300])
    resend_after_s: int = Field(description="Another one can be had after so many seconds", examples=[30])


class SessionIn(Strict):
    """The code that came."""

    phone: Phone = Field(description="Indian mobile number", examples=["+919876543210"])
    code: str = Field(pattern=r"^[0-9]{6}$", description="Six digits from the SMS", examples=["042917"])
    cookie: bool = Field(default=False, description="For a browser: give the token as a cookie", examples=[False])


class NewSession(BaseModel):
    """Signed in."""

    token: str | None = Field(
        description="Send it as `Authorization: Bearer …`; shown once. Null when it came as a cookie",
        examples=["mela_cs_4bJ0…"],
    )
    customer_id: str = Field(description="Who you are here", examples=["cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    expires: datetime = Field(description="Unless it is used before then", examples=["2026-12-23T12:30:00Z"])


class SessionOut(BaseModel):
    """A device that is signed in."""

    id: str = Field(description="For signing it out", examples=["ses_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    device: str = Field(description="What it says of itself", examples=["Mozilla/5.0 (Android 15; Mobile)"])
    created: datetime = Field(description="When it signed in", examples=["2026-11-23T12:30:00Z"])
    seen: datetime = Field(description="When it was last used, to the hour", examples=["2026-11-23T12:30:00Z"])
    current: bool = Field(description="Whether it is this one", examples=[True])

    @classmethod
    def of(cls, token: Token, current_hash: str) -> "SessionOut":
        """As its owner sees it."""
        return cls(
            id=token.id, device=token.name, created=token.created, seen=token.seen, current=token.hash == current_hash
        )


class SessionPage(Page[SessionOut]):
    """All devices that are signed in, newest first; their number is bounded."""


class CustomerOut(BaseModel):
    """Yourself."""

    id: str = Field(description="Who you are here", examples=["cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    phone: str = Field(description="Your mobile number", examples=["+919876543210"])
    name: str = Field(description="Your name; empty until you say it", examples=["Meena R"])
    language: Language = Field(description="What we write to you in", examples=["ta"])
    created: datetime = Field(description="Your first sign-in", examples=["2026-11-23T12:30:00Z"])

    @classmethod
    def of(cls, customer: Customer) -> "CustomerOut":
        """As the person sees it."""
        return cls(**vars(customer))


class CustomerChange(Strict):
    """What shall be otherwise; what is left out stays."""

    name: Name | None = Field(default=None, description="Your name", examples=["Meena R"])
    language: Language | None = Field(default=None, description="What we write to you in", examples=["ta"])


class ApiKeyIn(Strict):
    """An API key to make."""

    seller_id: SellerId = Field(description="Whose key", examples=["kaveri-stores"])
    scopes: list[Scope] = Field(
        min_length=1, max_length=20, description="What it may do", examples=[["settlement:read", "catalog:write"]]
    )
    name: Name = Field(description="What it is for", examples=["stock sync of the Madurai shop"])
    mode: Mode = Field(
        default="live", description="`test`: moves no money, and works for payments only", examples=["test"]
    )
    networks: list[Network] = Field(
        default=[], max_length=20, description="Where it may be used from, in CIDR notation; empty: anywhere",
        examples=[["203.0.113.0/24", "2001:db8::/32"]],
    )  # fmt: skip
    days: int | None = Field(
        default=None, ge=1, le=3650, description="It ends after so many; null: never", examples=[365]
    )

    def asked(self) -> NewKey:
        """With each scope and network once. Raises: BadNetwork."""
        scopes, networks = sorted(set(self.scopes)), sorted({auth.network(each) for each in self.networks})
        return NewKey(self.seller_id, self.name, tuple(scopes), self.mode, tuple(networks), self.days)


class RotationIn(Strict):
    """How long both keys work."""

    overlap_s: int = Field(
        default=86_400,
        ge=0,
        le=30 * 86_400,
        description="The old key works for so many seconds more",
        examples=[86_400],
    )


class ApiKeyOut(BaseModel):
    """An API key without its token."""

    id: str = Field(description="For revoking it", examples=["key_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    seller_id: str = Field(description="Whose key", examples=["kaveri-stores"])
    scopes: list[str] = Field(description="What it may do", examples=[["settlement:read", "catalog:write"]])
    name: str = Field(description="What it is for", examples=["stock sync of the Madurai shop"])
    mode: Mode = Field(description="`test` moves no money", examples=["live"])
    networks: list[str] = Field(description="Where it may be used from; empty: anywhere", examples=[["203.0.113.0/24"]])
    created: datetime = Field(description="When it was made", examples=["2026-11-23T12:30:00Z"])
    last_used: datetime | None = Field(
        description="To about half a minute; null: never", examples=["2026-11-26T08:10:30Z"]
    )
    expires: datetime | None = Field(description="When it ends; null: never", examples=[None])

    @classmethod
    def of(cls, token: Token) -> "ApiKeyOut":
        """As the operator sees it."""
        return cls(
            id=token.id, seller_id=token.owner, scopes=list(token.scopes), name=token.name, mode=token.mode,
            networks=list(token.networks), created=token.created,
            last_used=None if token.seen == token.created else token.seen, expires=token.expires,
        )  # fmt: skip


class NewApiKey(BaseModel):
    """An API key and, this once, its token."""

    token: str | None = Field(
        description="Shown once; null when this request was made before. Lost? Revoke the key, make another",
        examples=["mk_live_9sT2…"],
    )
    api_key: ApiKeyOut = Field(description="The key")


class RotatedApiKey(NewApiKey):
    """The new key, and the one that it replaces."""

    old_api_key: ApiKeyOut = Field(description="It works until it `expires`")


class ApiKeyPage(Page[ApiKeyOut]):
    """API keys that work, newest first."""


class KeptOut(BaseModel):
    """Something that stays although its person is erased."""

    what: str = Field(description="In one word", examples=["invoices"])
    text: str = Field(
        description="In your language", examples=["Invoices, with the name and address that the tax law asks for."]
    )
    until: date | None = Field(
        description="At the latest until this day; null: until it is over", examples=["2033-12-31"]
    )
    law: str = Field(description="Why", examples=["CGST Act 2017, section 36"])
    mark: str = Field(description="V: read in the source; UNVERIFIED; assumption: ours", examples=["UNVERIFIED"])


class ErasedOut(BaseModel):
    """A customer who is known no more."""

    customer_id: str = Field(description="Who it was", examples=["cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    erased: datetime = Field(description="Since when", examples=["2026-11-27T06:30:00Z"])
    kept: list[KeptOut] = Field(description="What stays, and until when")

    @classmethod
    def of(cls, customer_id: str, erased: datetime, kept: list[Kept]) -> "ErasedOut":
        """As the API shows it."""
        shown = [KeptOut(what=k.what, text=k.text, until=k.until, law=k.law, mark=k.mark) for k in kept]
        return cls(customer_id=customer_id, erased=erased, kept=shown)
