"""Orders: cart, checkout, the order's life, and its GST invoices.

Owns carts, orders, their history, returns, invoices and credit notes with their serials. Does not own prices and stock (catalog), money (payments) or
what sellers get (settlement). Emits `orders.sold` and `orders.unsold`; reads `payments.captured`, `payments.failed`,
`payments.refunded`, `payments.refund_failed` and `payments.refund_retried`.

Checkout is a saga: hold the stock, start the payment, and on `payments.captured` sell the stock and write the invoices. Each
step is keyed by the order's id and may be repeated; what a crash leaves unfinished, the job `drive` takes up.

हिन्दी: ऑर्डर का हर कदम दोहराया जा सकता है और वापस लिया जा सकता है; बीच में बिजली जाए तो भी पैसा या माल नहीं खोता।
"""
