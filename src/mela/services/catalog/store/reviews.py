"""What customers say of products: one review per customer and product."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Integer, and_, bindparam, func, or_, select

from mela.contracts.catalog import UnknownProduct
from mela.kernel import idempotency
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import Conflict, TooMany
from mela.services.catalog.model import ReservationState, Review
from mela.services.catalog.tables import products, reservation_lines, reservations, reviews, variants

# Built once: building a statement costs more than running it.
_OF_PRODUCT = reviews.c.product_id == bindparam("product_id")
_COUNTS = select(reviews.c.rating, func.count().label("given")).where(_OF_PRODUCT).group_by(reviews.c.rating)
_OLDER = or_(
    reviews.c.written < bindparam("written"),
    and_(reviews.c.written == bindparam("written"), reviews.c.id < bindparam("before")),
)
_NEWEST_FIRST = (reviews.c.written.desc(), reviews.c.id.desc())
_FIRST_PAGE = select(reviews).where(_OF_PRODUCT).order_by(*_NEWEST_FIRST).limit(bindparam("most", type_=Integer))
_NEXT_PAGE = _FIRST_PAGE.where(_OLDER)
_PRODUCT = select(products.c.id).where(products.c.id == bindparam("product_id"))
_BY_ID = select(reviews).where(reviews.c.id == bindparam("id"))
_OF_CUSTOMER = (
    select(reviews.c.written)
    .where(reviews.c.customer_id == bindparam("customer_id"), reviews.c.written > bindparam("since"))
    .order_by(reviews.c.written)
)
_BOUGHT = (
    select(reservations.c.key)
    .join(reservation_lines, reservation_lines.c.key == reservations.c.key)
    .join(variants, variants.c.sku == reservation_lines.c.sku)
    .where(
        reservations.c.buyer == bindparam("customer_id"),
        reservations.c.state == ReservationState.COMMITTED.value,
        variants.c.product_id == bindparam("product_id"),
    )
    .limit(1)
)


class ReviewedAlready(Conflict):
    """This customer has reviewed this product. Params: product_id."""

    code = "catalog.reviewed_already"


class TooManyReviews(TooMany):
    """This customer has written enough for today. Params: seconds."""

    code = "catalog.too_many_reviews"


def add(conn: Connection, review: Review, *, key: str, per_day: int) -> Review:
    """Keep a review, marked as verified where its author bought the product. The same key again gives the same review.

    Raises: UnknownProduct, ReviewedAlready, TooManyReviews, KeyReused.
    """
    if conn.execute(_PRODUCT, {"product_id": review.product_id}).first() is None:
        raise UnknownProduct(product_id=review.product_id)
    request = [review.product_id, review.rating, review.text, review.name]
    made = idempotency.claim(
        conn, owner=review.customer_id, key=key, request=request, result=review.id, now=review.written
    )
    if made == review.id:
        _check_rate(conn, review, per_day)
        named = {"customer_id": review.customer_id, "product_id": review.product_id}
        verified = conn.execute(_BOUGHT, named).first() is not None
        if not insert_new(conn, reviews, vars(review) | {"verified": verified}):
            raise ReviewedAlready(product_id=review.product_id)
    return _review(conn.execute(_BY_ID, {"id": made}).one())


def of_product(conn: Connection, product_id: str, before: str | None, limit: int) -> list[Review]:
    """A product's reviews, newest first, those behind the review `before`. Raises: UnknownProduct."""
    if conn.execute(_PRODUCT, {"product_id": product_id}).first() is None:
        raise UnknownProduct(product_id=product_id)
    given: dict[str, Any] = {"product_id": product_id, "most": limit}
    if before is None:
        return [_review(row) for row in conn.execute(_FIRST_PAGE, given)]
    last = conn.execute(_BY_ID, {"id": before}).one_or_none()
    if last is None:
        return []
    return [_review(row) for row in conn.execute(_NEXT_PAGE, given | {"written": last.written, "before": before})]


def counts(conn: Connection, product_id: str) -> dict[int, int]:
    """How many gave how many stars."""
    return {row.rating: row.given for row in conn.execute(_COUNTS, {"product_id": product_id})}


def _check_rate(conn: Connection, review: Review, per_day: int) -> None:
    day = timedelta(days=1)
    found = list(conn.scalars(_OF_CUSTOMER, {"customer_id": review.customer_id, "since": review.written - day}))
    if len(found) >= per_day:
        wait: timedelta = found[-per_day] + day - review.written
        raise TooManyReviews(seconds=max(1, round(wait.total_seconds())))


def _review(row: Any) -> Review:
    return Review(**row._mapping)  # noqa: SLF001
