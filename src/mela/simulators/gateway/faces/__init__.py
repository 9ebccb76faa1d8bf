"""Providers as they look from outside: published shapes and signatures before the same books, each in a database of its own."""
