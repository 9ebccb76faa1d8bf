"""The services' tests. What they make on a PostgreSQL goes with each test."""

from tests.kit import databases_go_with_their_test

__all__ = ["databases_go_with_their_test"]
