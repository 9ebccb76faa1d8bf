"""The token service of the card networks: a token's name in, what one payment needs out. A card's number it never tells.

Asking again for the same payment gives a cryptogram for the same payment, so a lost answer costs nothing.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints

from mela.services.payments.model import CardToken
from mela.services.payments.providers import Declined, Unknown, Unsent
from mela.services.payments.providers.fields import Token
from mela.services.payments.providers.http import Http, Refused, Silent, read


@dataclass(frozen=True)
class _Told:
    token: Token
    cryptogram: Token
    expiry: Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])[0-9]{2}$")]
    network: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]
    last4: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class Tokens(Http):
    """Ours at the token service, which the first provider offers beside its own API."""

    name = "tokens"

    async def cryptogram(self, token: str, payment_id: str) -> CardToken | Declined | Unknown:
        """A card's token with the cryptogram of a payment. Unknown is Unsent: no provider has been asked."""
        try:
            body = {"reference": payment_id}
            answer = await self._send("POST", f"/cards/tokens/{token}/cryptograms", body=body, auth=self._auth)
            told = read(_Told, answer)
            return CardToken(told.token, told.cryptogram, told.expiry, told.network, told.last4)
        except Refused as refused:
            return Declined("card_unknown" if refused.status == 404 else "card_refused")
        except Silent as silent:
            return Unsent(silent.why)
