"""A service of a test."""
