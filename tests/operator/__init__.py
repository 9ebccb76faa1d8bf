"""Pure decisions behind controllers, and controllers before an API server that keeps versions."""
