"""Migrations as a service has them: some that work, and some whose last one breaks off half way."""
