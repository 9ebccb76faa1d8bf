"""What webhooks sends (`payloads`) and what its API takes and gives (`api`)."""
