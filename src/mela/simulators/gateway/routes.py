"""The gateway over HTTP: merchants with HTTP Basic, payers without, as a phone would."""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from mela.kernel.errors import Rejected, Unauthenticated
from mela.kernel.web import bodies, cookies, inputs
from mela.kernel.web.refusals import refused
from mela.simulators.gateway import schemas
from mela.simulators.gateway.payers import payers
from mela.simulators.gateway.plan import Plan
from mela.simulators.gateway.service import Gateway
from mela.simulators.gateway.settings import Settings

Id = Annotated[
    str, Path(max_length=40, pattern=r"^[A-Za-z0-9]+$", description="The gateway's id", examples=["gp01KAR4T0GQ8V"])
]
ByReference = Annotated[
    str,
    Query(max_length=60, pattern=r"^[A-Za-z0-9_.:-]+$", description="The merchant's name", examples=["pay_01KAR4T0"]),
]
Credentials = Annotated[
    HTTPBasicCredentials | None, Depends(HTTPBasic(auto_error=False, description="key_id and key_secret"))
]


def router(gateway: Gateway, settings: Settings) -> APIRouter:
    """All routes of the gateway in its own manner."""
    known, tags = [Depends(_merchant(settings))], ["simulated gateway"]
    return together(
        _payments(bodies.router(prefix="/sim/gateway/v1", tags=tags, dependencies=known), gateway),
        _downtimes(bodies.router(prefix="/sim/gateway/v1", tags=tags, dependencies=known), gateway),
        _cards(
            APIRouter(
                prefix="/sim/gateway/cards", tags=["simulated card networks"], dependencies=[Depends(_of_our_page)]
            ),
            bodies.router(prefix="/sim/gateway/cards", tags=["simulated card networks"], dependencies=known),
            gateway,
        ),
        _books(bodies.router(prefix="/sim/gateway/v1", tags=tags, dependencies=known), gateway),
        _refunds_and_payouts(bodies.router(prefix="/sim/gateway/v1", tags=tags, dependencies=known), gateway),
        _reports(bodies.router(prefix="/sim/gateway/v1", tags=tags, dependencies=known), gateway),
        _plan(bodies.router(prefix="/sim/gateway", tags=tags, dependencies=known), gateway),
        disputes("gateway", gateway, settings, tags=tags),
        _payer(bodies.router(prefix="/sim/gateway/upi", tags=["simulated UPI app"]), gateway),
    )


def behind(name: str, gateway: Gateway, settings: Settings) -> APIRouter:
    """What every provider has beside its published API: a plan, the books, and the payer's side.

    It is the gateway's own, at another place, and described there.
    """
    known = [Depends(_merchant(settings))]
    return together(
        _plan(bodies.router(prefix=f"/sim/{name}", dependencies=known, include_in_schema=False), gateway),
        _books(bodies.router(prefix=f"/sim/{name}", dependencies=known, include_in_schema=False), gateway),
        _payer(bodies.router(prefix=f"/sim/{name}/upi", include_in_schema=False), gateway),
    )


def disputes(name: str, gateway: Gateway, settings: Settings, tags: Sequence[str] | None = None) -> APIRouter:
    """What a payer's bank does, beside the published API: opens and ends disputes. Each is told by callback."""
    known = [Depends(_merchant(settings))]
    api = bodies.router(
        prefix=f"/sim/{name}", tags=[*(tags or ())], dependencies=known, include_in_schema=tags is not None
    )

    @api.post(
        "/disputes", response_model=schemas.Dispute, status_code=201, summary="Dispute a payment, as a payer's bank does",
        responses=refused({404: "kernel.not_found", 409: "gateway.not_open", 422: "gateway.over_captured"}),
    )  # fmt: skip
    async def open_gateway_dispute(body: schemas.NewDispute) -> object:
        """The money is taken from what the gateway holds for the merchant."""
        return await gateway.open_dispute(body.reference, body.amount, body.reason, body.days)

    @api.post(
        "/disputes/{id}/end", response_model=schemas.Dispute, summary="End a dispute",
        responses=refused({404: "kernel.not_found", 409: "gateway.not_open"}),
    )  # fmt: skip
    async def end_gateway_dispute(id: Id, body: schemas.DisputeEnd) -> object:  # noqa: A002
        """Won: the merchant has the money again."""
        return await gateway.close_dispute(id, body.status)

    return api


def together(*routers: APIRouter) -> APIRouter:
    """The routes of several routers, each under its own address."""
    whole = APIRouter()
    for routes in routers:
        whole.routes.extend(routes.routes)
    return whole


def _merchant(settings: Settings) -> Callable[[Credentials], Awaitable[None]]:
    """A dependency that lets only the merchant's key pass. Raises: Unauthenticated."""

    async def check(given: Credentials) -> None:
        wanted = f"{settings.key_id}:{settings.key_secret}".encode()
        if given is None or not hmac.compare_digest(f"{given.username}:{given.password}".encode(), wanted):
            raise Unauthenticated("kernel.unauthenticated")

    return check


def _payments(routes: APIRouter, gateway: Gateway) -> APIRouter:
    @routes.post(
        "/payments",
        response_model=schemas.Payment,
        summary="Begin a payment",
        responses=refused({409: "gateway.reference_reused", 422: "gateway.card_or_not"}),
    )
    async def create_gateway_payment(body: schemas.NewPayment) -> object:
        """The same reference again gives the same payment; with another amount it is refused (409)."""
        fits = (body.card is not None) == (body.method == "card")
        fits &= (body.bank is not None) == (body.method in ("netbanking", "wallet"))
        if not fits or (body.card is None and body.capture == "manual") or (body.vpa and body.method != "upi"):
            raise Rejected("gateway.card_or_not")
        return await gateway.create_payment(
            reference=body.reference, amount=body.amount, description=body.description, seconds=body.expire_seconds,
            callback_url=body.callback_url, method=body.method, manual=body.capture == "manual" and body.card is not None,
            card=body.card.shown if body.card else None, bank=body.bank, vpa=body.vpa,
        )  # fmt: skip

    @routes.get(
        "/payments",
        response_model=schemas.Payment,
        summary="Find a payment by reference",
        responses=refused({404: "kernel.not_found"}),
    )
    async def find_gateway_payment(reference: ByReference) -> object:
        """Status check by the merchant's own name: 404 when the payment never arrived here."""
        return await gateway.payment_of(reference)

    @routes.get(
        "/payments/{id}",
        response_model=schemas.Payment,
        summary="Look at a payment",
        responses=refused({404: "kernel.not_found"}),
    )
    async def get_gateway_payment(id: Id) -> object:  # noqa: A002
        """Status check."""
        return await gateway.payment(id)

    @routes.post(
        "/payments/{id}/capture", response_model=schemas.Payment, summary="Take an authorised payment",
        responses=refused({
            404: "kernel.not_found", 409: "gateway.not_open gateway.reference_reused", 422: "gateway.over_captured",
        }),
    )  # fmt: skip
    async def capture_gateway_payment(id: Id, body: schemas.Capture) -> object:  # noqa: A002
        """In full or in parts. The same reference again changes nothing."""
        return await gateway.capture(id, body.amount, reference=body.reference, final=body.final)

    @routes.post(
        "/payments/{id}/void", response_model=schemas.Payment, summary="Let an authorised payment go",
        responses=refused({404: "kernel.not_found", 409: "gateway.not_open"}),
    )  # fmt: skip
    async def void_gateway_payment(id: Id) -> object:  # noqa: A002
        """The payer is not debited. Again: nothing changes."""
        return await gateway.void(id)

    return routes


def _cards(outside: APIRouter, ours: APIRouter, gateway: Gateway) -> APIRouter:
    """The networks' token service: the card's owner leaves the number there, a shop learns a token."""

    @outside.post("/tokens", response_model=schemas.Token, status_code=201, summary="Leave a card, get a token",
                  responses=refused({403: "kernel.forged", 422: "gateway.bad_card"}))  # fmt: skip
    async def create_card_token(body: schemas.NewToken) -> object:
        """The number is looked at (network, last digit, expiry) and forgotten: only the token is kept."""
        return await gateway.tokens.tokenize(body.number, body.expiry)

    @outside.get("/tokens/{id}", response_model=schemas.Token, summary="Look at a token",
                 responses=refused({404: "kernel.not_found"}))  # fmt: skip
    async def get_card_token(id: Id) -> object:  # noqa: A002
        """What a shop may show of it."""
        return await gateway.tokens.get(id)

    @ours.post("/tokens/{id}/cryptograms", response_model=schemas.CardToken, summary="Get what one payment needs",
               responses=refused({404: "kernel.not_found"}))  # fmt: skip
    async def create_card_cryptogram(id: Id, body: schemas.Cryptogram) -> object:  # noqa: A002
        """The token's digits and a cryptogram for this payment: the same for the same payment."""
        return await gateway.tokens.cryptogram(id, body.reference)

    return together(outside, ours)


def _downtimes(routes: APIRouter, gateway: Gateway) -> APIRouter:
    @routes.get("/downtimes", response_model=schemas.DowntimePage, summary="What is down")
    async def list_gateway_downtimes() -> object:
        """Banks and wallets through which payments fail at present."""
        return {"items": await gateway.downtimes()}

    return routes


def _books(routes: APIRouter, gateway: Gateway) -> APIRouter:
    @routes.get("/books", response_model=schemas.Books, summary="Read the gateway's books")
    async def read_gateway_books(
        cursor: Annotated[
            str, Query(pattern=r"^[0-9]{1,15}$", description="Of the page before", examples=["42"])
        ] = "0",
        limit: Annotated[int, Query(ge=1, le=1000, description="Entries on a page", examples=[100])] = 100,
    ) -> object:
        """Sums of all movements and a page of entries: for reconciliation."""
        return await gateway.books.read(after=int(cursor), limit=limit)

    return routes


def _reports(routes: APIRouter, gateway: Gateway) -> APIRouter:
    @routes.get(
        "/reports/transactions", response_class=StreamingResponse, summary="A day's movements, as CSV",
        responses={200: {"content": {"text/csv": {}}, "description": "One line per movement, then a line of totals"}},
    )  # fmt: skip
    async def read_gateway_report(
        day: Annotated[inputs.Day, Query(description="In India", examples=["2026-11-23"])],
    ) -> StreamingResponse:
        """What was collected and refunded on a day, in a form of our own (no provider's)."""
        return StreamingResponse(gateway.books.report(day), media_type="text/csv")

    @routes.get(
        "/reports/settlements", response_class=StreamingResponse, summary="A day's settlements, as CSV",
        responses={200: {"content": {"text/csv": {}}, "description": "One line per movement, then a line of totals"}},
    )  # fmt: skip
    async def read_gateway_settlements(
        day: Annotated[inputs.Day, Query(description="In India", examples=["2026-11-23"])],
    ) -> StreamingResponse:
        """What was settled to the merchant's bank on a day: each movement with its fee, the tax on it, and the UTR."""
        return StreamingResponse(gateway.books.settlements(day), media_type="text/csv")

    return routes


def _refunds_and_payouts(routes: APIRouter, gateway: Gateway) -> APIRouter:
    @routes.post(
        "/payments/{id}/refunds",
        response_model=schemas.Refund,
        summary="Refund a payment",
        responses=refused(
            {
                404: "kernel.not_found",
                409: "gateway.reference_reused gateway.not_open",
                422: "gateway.over_captured gateway.refund_refused",
            }
        ),
    )
    async def create_gateway_refund(id: Id, body: schemas.NewRefund) -> object:  # noqa: A002
        """In parts or as a whole, never above what was captured. The same reference again gives the same refund."""
        return await gateway.refund(id, reference=body.reference, amount=body.amount)

    @routes.get(
        "/refunds",
        response_model=schemas.Refund,
        summary="Find a refund by reference",
        responses=refused({404: "kernel.not_found"}),
    )
    async def find_gateway_refund(reference: ByReference) -> object:
        """Status check of a refund."""
        return await gateway.refund_of(reference)

    @routes.post(
        "/payouts",
        response_model=schemas.Payout,
        summary="Pay out to a bank account",
        responses=refused({409: "gateway.reference_reused gateway.not_open", 422: "gateway.over_captured"}),
    )
    async def create_gateway_payout(body: schemas.NewPayout) -> object:
        """Once per reference, however often it is asked."""
        return await gateway.pay_out(body)

    @routes.get(
        "/payouts",
        response_model=schemas.Payout,
        summary="Find a payout by reference",
        responses=refused({404: "kernel.not_found"}),
    )
    async def find_gateway_payout(reference: ByReference) -> object:
        """Status check of a payout."""
        return await gateway.payout_of(reference)

    return routes


def _plan(routes: APIRouter, gateway: Gateway) -> APIRouter:
    @routes.post(
        "/plan",
        response_model=Plan,
        summary="Tell the gateway what shall go wrong",
        responses=refused({422: "gateway.unknown_code"}),
    )
    async def follow_gateway_plan(body: Plan) -> object:
        """Replaces the plan in force. An empty object ends all faults."""
        return await gateway.faults.follow(body)

    @routes.get("/plan", response_model=Plan, summary="See what shall go wrong")
    async def get_gateway_plan() -> object:
        """The plan in force."""
        return await gateway.faults.plan()

    return routes


async def _of_our_page(request: Request) -> None:
    """Nobody signs in to the phone, so at least another site's page must not touch it. Raises: ForgedRequest."""
    cookies.check_sender(request)


def _payer(routes: APIRouter, gateway: Gateway) -> APIRouter:
    ours = [Depends(_of_our_page)]

    @routes.get(
        "", response_model=schemas.Bill, summary="Open a link, or scan a QR code",
        responses=refused({404: "kernel.not_found", 422: "gateway.link_altered"}),
    )  # fmt: skip
    async def open_upi_link(
        link: Annotated[
            str,
            Query(max_length=1200, pattern=r"^[!-~]+$", description="`upi://pay?…`: what the QR code holds",
                  examples=["upi://pay?pa=mela@simbank&pn=Mela&tr=gp01KAR4&tn=Order&am=1299.00&cu=INR"]),
        ],
    ) -> object:  # fmt: skip
        """What a UPI app shows then. A link whose payee or amount was changed is refused."""
        return await gateway.payer.bill_of(link)

    @routes.get("/accounts", summary="The payer's accounts")
    async def list_upi_accounts() -> schemas.PayerAccountPage:
        """What the phone offers to pay from. Invented, PIN included."""
        return schemas.PayerAccountPage(
            items=[
                schemas.PayerAccount(
                    vpa=a.vpa, holder=a.holder, bank=a.bank, masked=a.masked, most_paise=a.most, pin=a.pin
                )
                for a in payers().accounts.values()
            ]
        )

    @routes.get(
        "/{id}",
        response_model=schemas.Bill,
        summary="See what there is to pay",
        responses=refused({404: "kernel.not_found"}),
    )
    async def get_upi_bill(id: Id) -> object:  # noqa: A002
        """What a UPI app shows for the `tr` of a link."""
        return await gateway.payer.bill(id)

    @routes.post(
        "/{id}/approve",
        response_model=schemas.Bill,
        summary="Pay",
        dependencies=ours,
        responses=refused(
            {
                403: "kernel.forged",
                404: "kernel.not_found",
                409: "gateway.not_open",
                422: "gateway.wrong_pin gateway.wrong_otp",
            }
        ),
    )
    async def approve_upi_payment(id: Id, body: schemas.Approval | None = None) -> object:  # noqa: A002
        """The payer enters the PIN, or agrees on a bank's page: the debit happens now. Repeating it debits once.

        A wrong PIN or code may be entered three times; then, or above the bank's limit, the answer is a payment that failed.
        """
        given = body or schemas.Approval()
        if given.otp is not None:
            return await gateway.payer.enter_otp(id, given.otp)
        if given.pin is not None:
            return await gateway.payer.enter_pin(id, given.vpa, given.pin)
        return await gateway.payer.approve(id, given.vpa)

    @routes.post(
        "/{id}/decline",
        response_model=schemas.Bill,
        summary="Say no",
        dependencies=ours,
        responses=refused(
            {403: "kernel.forged", 404: "kernel.not_found", 409: "gateway.not_open", 422: "gateway.unknown_code"}
        ),
    )
    async def decline_upi_payment(id: Id, body: schemas.Refusal | None = None) -> object:  # noqa: A002
        """The payer, or with another code the payer's bank, declines."""
        return await gateway.payer.decline(id, (body or schemas.Refusal()).code)

    return routes
