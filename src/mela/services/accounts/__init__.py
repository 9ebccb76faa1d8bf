"""Accounts: who is calling.

Owns customers (known by their phone), one-time codes, sessions, and sellers' API keys; knows the operator by settings. Does
not own sellers' data (catalog), addresses or carts (orders). Emits and reads no events.

Nothing at rest signs anybody in: tokens are kept as hashes, and a code is not kept at all but derived, with a secret key,
from the random id of its row. So the outbox can send it again after a crash, and a stolen database alone gives no code.

हिन्दी: कोड डेटाबेस में लिखा ही नहीं जाता; गुप्त कुंजी से हर बार फिर से निकाला जाता है।
"""
