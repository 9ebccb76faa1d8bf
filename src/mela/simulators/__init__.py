"""The outside world: each simulator is an HTTP application with books of its own. It knows the kernel only."""
