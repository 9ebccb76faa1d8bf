"""Every provider keeps the one contract."""
