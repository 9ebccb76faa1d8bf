"""Personal data as a database keeps it: encrypted, found by keyed hash, and read by nobody unnoticed.

Envelope encryption: each service has data keys of its own, in its own database, wrapped by a key-encryption key that a key
provider holds. A value is AES-256-GCM under the newest data key; its table, column and row are associated data, so what is
moved to another row does not open. A column becomes sealed by its type; what is written says whose row it is:

    Column("phone", SealedText("customers.phone")), Column("phone_index", BlindIndex("customers.phone"))
    conn.execute(customers.insert(), sealed.row(customers, values))
    query = select(customers).where(sealed.found_by(customers.c.phone_index, "phone"))    # by HMAC-SHA-256 with keys of its own
    conn.execute(query, {"phone": sealed.hashes(conn, customers.c.phone_index, phone)})

हिन्दी: नाम, फ़ोन और पता डेटाबेस में ताले में बंद रहते हैं; चाबी कहीं और रहती है, और बदली जा सकती है जब सब कुछ चल रहा हो।
"""

from mela.kernel.sealed.columns import (
    BlindIndex,
    LastingHash,
    SealedJson,
    SealedText,
    catch_up,
    found_by,
    hashes,
    hashes_like,
    of,
    row,
    unsealed,
)
from mela.kernel.sealed.keyring import CannotOpen, Keyring
from mela.kernel.sealed.provider import KeyProvider, KeysUnusable
from mela.kernel.sealed.reads import create_reads
from mela.kernel.sealed.schema import create_tables

__all__ = [
    "BlindIndex",
    "CannotOpen",
    "KeyProvider",
    "Keyring",
    "KeysUnusable",
    "LastingHash",
    "SealedJson",
    "SealedText",
    "catch_up",
    "create_reads",
    "create_tables",
    "found_by",
    "hashes",
    "hashes_like",
    "of",
    "row",
    "unsealed",
]
