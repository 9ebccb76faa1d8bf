"""Settlement: what a sale leaves its sellers, and the payout of each seller on each banking day.

Owns entries (a seller's share of a sale, or of its reversal; a payment by the merchant API, less its fee), payouts, runs and the sellers' bank accounts. Does not own the
ledger (payments), prices (catalog) or the bank, which it reaches through the gateway. Reads `orders.sold`, `orders.unsold` and
`payments.merchant_moved`; emits `settlement.payout_opened` and `settlement.paid`.

A sale of India-day T is due on the first banking day after T. A payout is opened in one unit together with the entries that
it pays, has the same reference at the bank however often it is sent, and is `sending` until the bank has told its UTR.

हिन्दी: भुगतान बीच में रुक जाए और फिर से चलाया जाए, तब भी विक्रेता को पैसा एक ही बार मिलता है।
"""
