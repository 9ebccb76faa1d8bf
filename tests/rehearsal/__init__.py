"""Seeded runs: events, engine, strategies, verdicts."""
