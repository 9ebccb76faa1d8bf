"""Every query of payments. The public functions of these modules are the units of work."""
