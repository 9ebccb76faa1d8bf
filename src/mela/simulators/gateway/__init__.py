"""A simulated payment gateway: takes UPI payments, refunds them, pays sellers out, and keeps its own books.

Merchant side (HTTP Basic): payments, refunds, payouts, books. Payer side: what a UPI app shows, approve and decline.
It tells the merchant by signed callbacks, kept until they are taken. A seeded plan makes it slow, silent or repetitive.
The HTTP shapes follow Razorpay's published ones. Not here: a real bank, personal identification, other methods than UPI.

हिन्दी: यह असली बैंक नहीं, अभ्यास के लिए बना भुगतान गेटवे है। पैसे का हिसाब यह अपनी बही में अलग रखता है।
"""
