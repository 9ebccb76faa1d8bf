"""Every query of the gateway. A movement of money, its entry in the books and its callback are one unit.

`payments` from the order to the capture · `refunds` and `disputes` money that goes back · `payouts` to sellers · `tokens` of cards ·
`due` what time does by itself · `books` the entries · `callbacks` what the merchant is told · `plans` what shall go wrong ·
`rows` a row by its name, below the units.
"""
