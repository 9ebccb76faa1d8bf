"""Use cases of webhooks.

`webhooks` endpoints, messages, replays · `sender` which delivery when, and what came of it · `post` one request to somebody
else's address · `vault` signing secrets.
"""

from mela.services.webhooks.service.post import Post
from mela.services.webhooks.service.sender import Sender
from mela.services.webhooks.service.webhooks import Webhooks

__all__ = ["Post", "Sender", "Webhooks"]
