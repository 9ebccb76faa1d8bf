"""What services promise each other: Protocols, frozen messages, events and errors. Nothing here runs.

A service implements the Protocol of its name; its callers hold the Protocol and do not know whether an object or a process
is behind it. Every method reads, or takes an idempotency key, so that a call may be repeated.
"""
