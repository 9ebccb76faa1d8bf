"""The schema of payments, step by step."""
