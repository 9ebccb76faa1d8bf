"""Every query of webhooks. The public functions of its modules are the units of work."""
