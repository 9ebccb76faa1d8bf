"""The token service of the card networks: a token's name in, what one payment needs out. A card's number it never tells.

Asking again for the same payment gives a cryptogram for the same payment, so a lost answer costs nothing.
"""

import httpx2

from mela.services.payments.model import CardToken
from mela.services.payments.providers import Declined, Unknown, Unsent
from mela.services.payments.providers.http import Account, Http, Refused, Silent, basic, read


class Tokens(Http):
    """Ours at the token service, which the first provider offers beside its own API."""

    name = "tokens"

    def __init__(self, http: httpx2.AsyncClient, account: Account) -> None:
        super().__init__(http, account)
        self._auth = basic(account)

    async def cryptogram(self, token: str, payment_id: str) -> CardToken | Declined | Unknown:
        """A card's token with the cryptogram of a payment. Unknown is Unsent: no provider has been asked."""
        try:
            body = {"reference": payment_id}
            answer = await self._send("POST", f"/cards/tokens/{token}/cryptograms", body=body, auth=self._auth)
            return read(CardToken, answer)
        except Refused as refused:
            return Declined("card_unknown" if refused.status == 404 else "card_refused")
        except Silent as silent:
            return Unsent(silent.why)
