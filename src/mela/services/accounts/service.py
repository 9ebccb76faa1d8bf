"""The use cases of accounts."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx2
import structlog
from prometheus_client import Counter

from mela.contracts.accounts import Erased
from mela.kernel import auth, clock, i18n, ids
from mela.kernel.auth import Principal
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Rejected, Unauthenticated
from mela.kernel.telemetry.masking import Personal
from mela.services.accounts import rules, store
from mela.services.accounts.model import Code, Customer, Kept, Language, Limit, NewKey, Retention, Token, Verdict
from mela.services.accounts.settings import AccountsSettings

log = structlog.get_logger()
OPERATOR = Principal("operator", "operator")
MESSAGES_AT_ONCE = 50
LONGEST_TOKEN = 200
MOST_ERASED = 500
CODES = Counter("mela_sign_in_codes_total", "One-time codes, by what became of them", ["outcome"])
SIGN_INS = Counter("mela_sign_ins_total", "Tries to sign in, by outcome", ["outcome"])


class WrongCode(Rejected):
    """Not the code of this phone. Params: left (tries)."""

    code = "accounts.wrong_code"


class NoCode(Rejected):
    """This phone has no code that works: none was asked for, or the newest is used or too old."""

    code = "accounts.no_code"


class TriesSpent(Rejected):
    """The phone's newest code was tried too often."""

    code = "accounts.tries_spent"


class TokenRevoked(Unauthenticated):
    """The session was ended, or the API key taken back."""

    code = "accounts.token_revoked"


class SessionExpired(Unauthenticated):
    """The session was not used for too long."""

    code = "kernel.session_expired"


class KeyExpired(Unauthenticated):
    """The API key's time is over."""

    code = "accounts.key_expired"


REFUSALS: dict[Verdict, type[Rejected]] = {Verdict.NO_CODE: NoCode, Verdict.SPENT: TriesSpent}


class Accounts:
    """Knows people by phone, sellers by API key. Needs its own database, an SMS provider, and the texts of its messages."""

    def __init__(
        self, db: Database, clock: Clock, http: httpx2.AsyncClient, texts: i18n.Messages, settings: AccountsSettings,
        retention: Sequence[Retention],
    ) -> None:  # fmt: skip
        self._db, self._clock, self._http, self._texts, self._settings = db, clock, http, texts, settings
        self._code_key, self._retention = settings.code_key, retention
        self._used: set[str] = set()
        self._used_keys: set[str] = set()
        self._limits = (
            Limit(1, settings.resend_after_s),
            Limit(settings.codes_per_hour, 3_600),
            Limit(settings.codes_per_day, 86_400),
        )

    async def identify(self, *, token: str) -> Principal:
        """Whose token this is: one read. Raises: Unauthenticated, SessionExpired, TokenRevoked."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise Unauthenticated("kernel.unauthenticated")
        if self._settings.operator_token_hash and auth.same(token, self._settings.operator_token_hash):
            return OPERATOR
        found, now = await self._db.read(store.find_token, token), self._clock.now()
        if found is None:
            raise Unauthenticated("kernel.unauthenticated")
        if found.revoked is not None:
            raise TokenRevoked
        if rules.has_expired(found, now):
            raise SessionExpired if found.kind == "customer" else KeyExpired
        if found.kind == "merchant":
            self._used_keys.add(found.id)
        if rules.needs_extension(found, now, self._settings.session_extend_after_s):
            self._used.add(found.id)
        return Principal(found.kind, found.owner, frozenset(found.scopes), found.mode, found.networks)

    # Signing in.

    async def send_code(self, phone: str, language: Language) -> None:
        """Send a phone a code. Raises: TooManyCodes.

        When the SMS provider is away, the job `send_codes` tries again.
        """
        now, settings = self._clock.now(), self._settings
        expires = now + timedelta(seconds=settings.code_valid_s)
        code = Code(ids.new_id("code"), phone, language, now, expires)
        due = now + timedelta(seconds=settings.sms_again_s)
        await self._db.run(store.issue_code, code, self._limits, due)
        CODES.labels("issued").inc()
        await self._send(code)

    async def send_waiting_codes(self) -> None:
        """Send what the SMS provider did not take before."""
        now, again_s = self._clock.now(), self._settings.sms_again_s
        if await self._db.read(store.any_outgoing, now):
            found = await self._db.run(store.claim_outgoing, now, again_s=again_s, limit=MESSAGES_AT_ONCE)
            await asyncio.gather(*map(self._send, found))

    async def sign_in(self, phone: str, given: str, language: Language, device: str) -> tuple[str, str, datetime]:
        """Open a session with a code; a phone's first one makes its customer.

        Returns the token, which is not kept, the customer's id, and when the session ends if it is not used.

        Raises: WrongCode, NoCode, TriesSpent.
        """
        settings, now = self._settings, self._clock.now()
        token, token_hash = auth.new_token("customer")
        expires = now + timedelta(days=settings.session_days)
        session = Token(
            token_hash, ids.new_id("ses"), "customer", "", device, (), created=now, seen=now, expires=expires
        )
        newcomer = Customer(ids.new_id("cus"), phone, "", language, now)
        result = await self._db.run(
            store.sign_in, phone, given, session, newcomer, key=await self._key(), tries=settings.code_tries,
            most_sessions=settings.sessions_per_customer,
        )  # fmt: skip
        SIGN_INS.labels(result.verdict.value).inc()
        if result.verdict is Verdict.WRONG:
            raise WrongCode(left=result.left)
        if result.verdict in REFUSALS:
            raise REFUSALS[result.verdict]
        return token, result.customer_id, expires

    async def _key(self) -> str:
        if self._code_key is None:
            self._code_key = await self._db.run(store.code_key, ids.new_secret())
        return self._code_key

    async def _send(self, code: Code) -> None:
        """One try; a message that was not taken stays in the outbox. The provider knows a repetition by its reference."""
        minutes = self._settings.code_valid_s // 60
        digits = rules.code_digits(await self._key(), code.id)
        text = self._texts.text("accounts.sms.code", code.language, code=digits, count=minutes)
        message = {"to": code.phone, "text": text, "reference": code.id}
        try:
            answer = await self._http.post(
                f"{self._settings.sms_url}/messages", json=message, timeout=self._settings.sms_timeout_s
            )
            taken, reason = answer.is_success, str(answer.status_code)
        except httpx2.HTTPError as error:
            taken, reason = False, type(error).__name__
        CODES.labels("sent" if taken else "not_taken").inc()
        if taken:
            await self._db.run(store.sent, code.id)
            log.info("code sent", code=code.id, phone=Personal(code.phone))
        else:
            log.warning("code not taken by SMS provider", code=code.id, phone=Personal(code.phone), reason=reason)

    # Sessions.

    async def sessions(self, customer_id: str) -> list[Token]:
        """A customer's sessions, newest first."""
        now, most = self._clock.now(), self._settings.sessions_per_customer
        return await self._db.read(store.live_tokens, "customer", now, most, owner=customer_id)

    async def end_session(self, customer_id: str, session_id: str) -> None:
        """Sign a device out; done before: nothing happens. Raises: NotFound."""
        await self._db.run(store.revoke, "customer", session_id, self._clock.now(), customer_id)

    async def sign_out(self, customer_id: str, token: str) -> None:
        """End the session of this token."""
        found = await self._db.read(store.find_token, token)
        if found is not None:
            await self.end_session(customer_id, found.id)

    async def extend_sessions(self) -> None:
        """Have the sessions that were used since the last time live on. What a crash forgets, their next use tells again."""
        keys, self._used_keys = sorted(self._used_keys), set()
        if keys:
            await self._db.run(store.seen, keys, self._clock.now())
        used, self._used = sorted(self._used), set()
        if used:
            now = self._clock.now()
            await self._db.run(store.extend, used, now, now + timedelta(days=self._settings.session_days))

    # Customers.

    async def customer(self, customer_id: str) -> Customer:
        """A customer. Raises: NotFound."""
        return await self._db.read(store.customer, customer_id)

    async def change_customer(self, customer_id: str, changes: dict[str, Any]) -> Customer:
        """Set name or language. Raises: NotFound."""
        return await self._db.run(store.change_customer, customer_id, changes)

    async def erase(self, customer_id: str, by: str, language: Language) -> tuple[datetime, list[Kept]]:
        """Know a customer no more. Returns since when, and what the law keeps, until when. Raises: NotFound."""
        at = await self._db.run(store.erase, customer_id, by, self._clock.now())
        log.info("customer erased", customer=customer_id, by=by)
        return at, [self._kept(rule, language) for rule in self._retention if rule.told]

    async def erased(self, *, after: int, most: int) -> list[Erased]:
        """See `Accounts.erased`."""
        return await self._db.read(store.erased, after, min(most, MOST_ERASED))

    def _kept(self, rule: Retention, language: Language) -> Kept:
        until = rules.kept_until(rule, clock.india_date(self._clock.now()))
        text = self._texts.text(f"accounts.kept.{rule.id}", language)
        return Kept(rule.id, text, until, rule.law, rule.source, rule.mark)

    # API keys.

    async def create_key(self, asked: NewKey, key: str) -> tuple[str | None, Token]:
        """Make an API key. Returns its token, which is not kept: None where this idempotency key made it before.

        Raises: KeyReused.
        """
        now, token = self._clock.now(), auth.new_key(asked.mode)
        ends = None if asked.days is None else now + timedelta(days=asked.days)
        fresh = Token(
            "", ids.new_id("key"), "merchant", asked.seller_id, asked.name, asked.scopes, created=now, seen=now, expires=ends,
            mode=asked.mode, networks=asked.networks,
        )  # fmt: skip
        made = await self._db.run(store.create_key, fresh, token, key, asked)
        return (token if made.id == fresh.id else None), made

    async def rotate_key(self, key_id: str, overlap_s: int, key: str) -> tuple[str | None, Token, Token]:
        """A new API key in place of another, which ends after `overlap_s`: the token, the new one and the old one.

        The token is None where this idempotency key made it before. Raises: KeyReused, NotFound.
        """
        old = await self._db.read(store.find_key, key_id)
        token, fresh_id = auth.new_key(old.mode), ids.new_id("key")
        made, old = await self._db.run(
            store.rotate_key, key_id, fresh_id, token, overlap_s=overlap_s, key=key, now=self._clock.now()
        )
        return (token if made.id == fresh_id else None), made, old

    async def keys(self, seller_id: str | None, before: str | None, limit: int) -> list[Token]:
        """API keys that work, newest first: all or one seller's, those made before the key `before`."""
        now = self._clock.now()
        return await self._db.read(store.live_tokens, "merchant", now, limit, owner=seller_id, before=before)

    async def revoke_key(self, key_id: str) -> None:
        """Take an API key back; done before: nothing happens. Raises: NotFound."""
        await self._db.run(store.revoke, "merchant", key_id, self._clock.now())

    async def forget(self) -> None:
        """Drop codes that no limit counts any more, and sessions that ended a session's length ago."""
        now = self._clock.now()
        long_ago = now - timedelta(days=self._settings.session_days)
        await self._db.run(store.forget, codes_before=now - timedelta(days=1), tokens_before=long_ago)
