"""The words at the head of the API's own document, and its groups of operations in their order."""

DESCRIPTION = """
Mela sells things in India: find a product, pay by UPI, follow the order, settle the seller.

* **Money** is integer paise: `price_paise: 12900` is ₹129.00, GST included unless a name says otherwise.
* **Who you are**: `Authorization: Bearer …` with a customer's session, a seller's API key or the operator's token. A browser
  signs in with `cookie: true` and sends `X-CSRF-Token` with what changes something.
* **Repeat safely**: what creates something takes an `Idempotency-Key`. The same key again returns the same thing.
* **Errors** are `application/problem+json`: look at `code`, show `title` and `detail`. `Accept-Language` chooses hi, en, ta, te or kn.
* **Lists** are `items` and `next_cursor`: pass it back as `cursor`, until it is null. A cursor is opaque.
* **Moments** are UTC (RFC 3339); days are India's.
* **JSON** is read strictly: a whole number is no text, an unknown field or a field twice is refused.
"""

TAGS = tuple(
    {"name": name, "description": description}
    for name, description in (
        ("catalog", "Find what to buy. Open to everybody, in five languages."),
        ("sign-in", "A code by SMS, then a session."),
        ("me", "What is known about you, and changing it."),
        ("cart", "What you are about to buy, at today's prices."),
        ("orders", "Buy, follow, cancel."),
        ("returns", "Send pieces back and get the money."),
        (
            "settlement",
            "For sellers: what was sold, what was kept, what was paid out. Needs an API key with `settlement:read`.",
        ),
        (
            "webhooks",
            "What happened, sent to your address and signed. Needs an API key with `webhooks:read`, `webhooks:write`.",
        ),
        ("streaming", "Watch a match: begin, say that one still watches, leave. Needs no account."),
        (
            "merchant API",
            "Take payments by an API key, in live mode or in test mode. Needs `payments:read`, `payments:write`, `refunds:write`.",
        ),
        ("payments", "What a payer may choose from. Needs no account."),
        ("on duty", "For the person who runs the shop."),
        (
            "control room",
            "The platform second by second, and what a teacher can let happen. On a laptop without a token.",
        ),
        ("callbacks", "For the payment gateway: signed, not signed in."),
        ("simulated SMS", "Simulator: the phones' inbox. Whoever reads it can sign in."),
        ("simulated UPI app", "Simulator: the payer's phone."),
        ("simulated card networks", "Simulator: where a card's owner leaves its number and a shop gets a token."),
        ("simulated gateway", "Simulator: the payment gateway and its bank, in the manner of such a provider."),
    )
)
