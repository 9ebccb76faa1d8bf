"""Webhooks: tells sellers, and the operator's own systems, what has happened, by signed requests to their addresses.

Owns endpoints, their signing keys, messages, deliveries and their attempts. Does not own the facts: it hears them as events,
and publishes them in shapes of its own that stay. Reads `orders.sold`, `orders.unsold`, `payments.authorized`, `payments.captured`, `payments.failed`,
`payments.refunded`, `payments.refund_failed`, `payments.merchant_moved`, `settlement.paid`, and its own `webhooks.endpoint_disabled`, which it emits.

A message is written in the unit that takes its event in, with a delivery for each endpoint that wants it. A delivery is sent
at least once, again and again for a day, in no promised order; then it is a dead letter, which its owner sees and replays.
Standard Webhooks says how a message is signed: https://github.com/standard-webhooks/standard-webhooks.

हिन्दी: विक्रेता का सर्वर बंद हो तो संदेश खोता नहीं: दिन भर दोबारा भेजा जाता है, फिर रखा रहता है, और माँगने पर फिर जाता है।
"""
