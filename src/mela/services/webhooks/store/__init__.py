"""Every query of webhooks. The public functions of its modules are the units of work."""

from mela.services.webhooks.tables import signing_keys

PERSONAL = (signing_keys,)
"""Nothing about people, but sealed as that is."""
