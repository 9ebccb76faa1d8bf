"""The HTTP API of accounts."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from mela.kernel import auth, i18n, ids
from mela.kernel.web import bodies, cookies, pages
from mela.kernel.web.callers import Customer, Operator, Token
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.accounts import rules, schemas
from mela.services.accounts.model import Language
from mela.services.accounts.service import Accounts
from mela.services.accounts.settings import AccountsSettings

SessionId = Annotated[str, Path(pattern=r"^ses_[0-9A-Z]{26}$", description="The session", examples=[schemas.SESSION])]
CustomerId = Annotated[
    str, Path(pattern=r"^cus_[0-9A-Z]{26}$", description="The customer", examples=["cus_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
]
KeyId = Annotated[str, Path(pattern=r"^key_[0-9A-Z]{26}$", description="The key", examples=[schemas.KEY])]


async def _language(
    accept_language: Annotated[str | None, Header(description="en, hi, ta, te or kn", examples=["ta-IN"])] = None,
) -> Language:
    return cast(Language, i18n.negotiate(accept_language))


async def _device(
    user_agent: Annotated[str | None, Header(description="How this device is shown in the list of sessions")] = None,
) -> str:
    return rules.device(user_agent)


Spoken = Annotated[Language, Depends(_language)]
Device = Annotated[str, Depends(_device)]


def router(accounts: Accounts, settings: AccountsSettings) -> APIRouter:
    """All routes of accounts."""
    api = bodies.router(prefix="/api/accounts")
    _signing_in(api, accounts, settings)
    _sessions(api, accounts)
    _myself(api, accounts)
    _erasing(api, accounts)
    _api_keys(api, accounts)
    return api


def _signing_in(api: APIRouter, accounts: Accounts, settings: AccountsSettings) -> None:
    @api.post(
        "/codes", tags=["sign-in"], status_code=202, summary="Have a one-time code sent by SMS",
        responses=refused({429: "accounts.too_many_codes"}),
    )  # fmt: skip
    async def send_code(body: schemas.CodeIn, language: Spoken) -> schemas.CodeOut:
        """The newest code counts, the ones before stop working."""
        await accounts.send_code(body.phone, language)
        return schemas.CodeOut(expires_in_s=settings.code_valid_s, resend_after_s=settings.resend_after_s)

    @api.post(
        "/sessions", tags=["sign-in"], status_code=201, summary="Sign in with the code",
        responses=refused({
            403: "kernel.forged", 422: "accounts.wrong_code accounts.tries_spent accounts.no_code",
        }),
    )  # fmt: skip
    async def sign_in(
        request: Request, response: Response, body: schemas.SessionIn, language: Spoken, device: Device
    ) -> schemas.NewSession:
        """The first time makes you a customer. A code opens one session, and stands a few tries.

        With `cookie` the token comes as the cookie `mela_session`, which no script can read. Beside it comes `mela_csrf`:
        send its value as header `X-CSRF-Token` with each request that changes something.
        """
        if body.cookie:
            cookies.check_sender(request)
        token, customer_id, expires = await accounts.sign_in(body.phone, body.code, language, device)
        if body.cookie:
            cookies.give(response, request, token)
        return schemas.NewSession(token=None if body.cookie else token, customer_id=customer_id, expires=expires)


def _sessions(api: APIRouter, accounts: Accounts) -> None:
    @api.get("/sessions", tags=["sign-in"], summary="My devices that are signed in")
    async def list_sessions(caller: Customer, token: Token) -> schemas.SessionPage:
        """All of them, newest first: there are never many."""
        found = await accounts.sessions(caller.id)
        return schemas.SessionPage(items=[schemas.SessionOut.of(one, auth.digest(token)) for one in found])

    @api.delete("/sessions/current", tags=["sign-in"], status_code=204, summary="Sign out here")
    async def sign_out(caller: Customer, token: Token, response: Response) -> None:
        """A browser's cookies go too. Other processes may take the token for some seconds more."""
        await accounts.sign_out(caller.id, token)
        cookies.take(response)

    @api.delete(
        "/sessions/{session_id}", tags=["sign-in"], status_code=204, summary="Sign out one of my devices",
        responses=refused({404: "kernel.not_found"}),
    )  # fmt: skip
    async def end_session(caller: Customer, session_id: SessionId) -> None:
        """Signed out already: nothing happens."""
        await accounts.end_session(caller.id, session_id)


def _myself(api: APIRouter, accounts: Accounts) -> None:
    @api.get("/me", tags=["me"], summary="What is known about me")
    async def get_me(caller: Customer) -> schemas.CustomerOut:
        """Nobody else is shown this."""
        return schemas.CustomerOut.of(await accounts.customer(caller.id))

    @api.patch("/me", tags=["me"], summary="Change my name or language")
    async def change_me(caller: Customer, body: schemas.CustomerChange) -> schemas.CustomerOut:
        """What is left out stays as it is."""
        changes = body.model_dump(exclude_none=True)
        return schemas.CustomerOut.of(await accounts.change_customer(caller.id, changes))


def _erasing(api: APIRouter, accounts: Accounts) -> None:
    @api.delete("/me", tags=["me"], summary="Erase me")
    async def erase_me(caller: Customer, response: Response, language: Spoken) -> schemas.ErasedOut:
        """My phone, name, codes and sessions go at once, my addresses as soon as no order needs them. What a law keeps stays
        until its day, and is told. The same phone is somebody new from now on.
        """
        at, kept = await accounts.erase(caller.id, "customer", language)
        cookies.take(response)
        return schemas.ErasedOut.of(caller.id, at, kept)

    @api.delete(
        "/customers/{customer_id}", tags=["on duty"], summary="Erase a customer who asked for it",
        responses=refused({404: "kernel.not_found"}),
    )  # fmt: skip
    async def erase_customer(caller: Operator, customer_id: CustomerId, language: Spoken) -> schemas.ErasedOut:
        """Erased already: nothing happens, and the answer is the same."""
        at, kept = await accounts.erase(customer_id, caller.id, language)
        return schemas.ErasedOut.of(customer_id, at, kept)


def _api_keys(api: APIRouter, accounts: Accounts) -> None:
    @api.post(
        "/api-keys", tags=["on duty"], status_code=201, summary="Make an API key for a seller",
        responses=refused({422: "kernel.bad_network"}),
    )  # fmt: skip
    async def create_api_key(_caller: Operator, key: Key, body: schemas.ApiKeyIn) -> schemas.NewApiKey:
        """The token is shown this once. The same Idempotency-Key again gives the same key, without its token."""
        token, made = await accounts.create_key(body.asked(), key)
        return schemas.NewApiKey(token=token, api_key=schemas.ApiKeyOut.of(made))

    @api.get("/api-keys", tags=["on duty"], summary="API keys that work, newest first")
    async def list_api_keys(
        _caller: Operator,
        seller_id: Annotated[
            schemas.SellerId | None, Query(description="One seller's; else all", examples=["kaveri-traders"])
        ] = None,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=100, description="At most so many", examples=[50])] = 50,
    ) -> schemas.ApiKeyPage:
        """Without their tokens, which nobody can be shown again."""
        if cursor is not None and not ids.is_id("key", cursor):
            raise pages.bad_cursor()
        found, after = pages.cut(await accounts.keys(seller_id, cursor, limit + 1), limit, lambda key: key.id)
        return schemas.ApiKeyPage(items=[schemas.ApiKeyOut.of(one) for one in found], next_cursor=after)

    @api.post(
        "/api-keys/{key_id}/rotate", tags=["on duty"], status_code=201, summary="Put a new API key in another's place",
        responses=refused({404: "kernel.not_found"}),
    )  # fmt: skip
    async def rotate_api_key(
        _caller: Operator, key: Key, key_id: KeyId, body: schemas.RotationIn
    ) -> schemas.RotatedApiKey:
        """It may do what the old one may. Both work until the old one expires; its token is shown this once."""
        token, made, old = await accounts.rotate_key(key_id, body.overlap_s, key)
        return schemas.RotatedApiKey(
            token=token, api_key=schemas.ApiKeyOut.of(made), old_api_key=schemas.ApiKeyOut.of(old)
        )

    @api.delete(
        "/api-keys/{key_id}", tags=["on duty"], status_code=204, summary="Revoke an API key",
        responses=refused({404: "kernel.not_found"}),
    )  # fmt: skip
    async def revoke_api_key(_caller: Operator, key_id: KeyId) -> None:
        """It ends at once, in every process. Revoked already: nothing happens."""
        await accounts.revoke_key(key_id)
