"""The decisions of payments, without I/O."""
