"""Payments: money from the payer to the platform and back, and the double-entry ledger.

Owns payments, refunds, the ledger, and the conversation with the gateway. Not here: what was bought (orders), what sellers
get (settlement, which enters its transfers through `post`), bank accounts, mandates, EMI and payment links.
Emits `payments.authorized`, `payments.captured`, `payments.failed`, `payments.refunded`, `payments.refund_failed`, `payments.refund_retried` and
`payments.case_closed`, and of payments that merchants begin by the API `payments.merchant_moved`; reads
`settlement.payout_opened` and `settlement.paid`.

What a gateway does not answer is *pending*, never failed: a job asks again until somebody knows. Money that arrives after
a payment was given up is taken into the ledger and sent back.

हिन्दी: समय पर जवाब न आए तो भुगतान "विफल" नहीं, "लंबित" है। बही में हर रकम एक खाते से निकलकर दूसरे में जाती है।
"""
