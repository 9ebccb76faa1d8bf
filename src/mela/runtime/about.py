"""The words at the head of the API's own document."""

DESCRIPTION = """
Mela sells things in India: find a product, pay by UPI, follow the order, settle the seller.

* **Money** is integer paise: `price_paise: 12900` is ₹129.00, GST included unless a name says otherwise.
* **Who you are**: `Authorization: Bearer …` with a customer's session, a seller's API key or the operator's token.
* **Repeat safely**: what creates something takes an `Idempotency-Key`. The same key again returns the same thing.
* **Errors** are `application/problem+json`: look at `code`, show `title` and `detail`. `Accept-Language` chooses hi, en, ta, te or kn.
* **Pages**: pass `next_cursor` back as `cursor`. A cursor is opaque.
* **Moments** are UTC (RFC 3339); days are India's.
"""
