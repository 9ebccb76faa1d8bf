"""Search that forgives, as pure functions.

    words ── of a text or query, in one spelling        vocabulary ── what a query word may have meant
    documents ── a product's words and their weight     ranking ── the order of the products found

The database only finds the products that hold some of the words; which words, and in which order, is decided here, so that
SQLite and PostgreSQL answer alike.
"""
