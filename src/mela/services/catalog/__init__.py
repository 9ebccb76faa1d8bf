"""Catalog: products and variants in five languages, prices by city, dated GST rates, sellers, stock, search.

It owns what can be bought, what it costs today and how many pieces are free, and it promises each piece to one order only.
It does not know carts and orders: a reservation is a key, some lines and a moment; once sold, also the buyer's id, so that a
review says whether its author bought the product. Emits no events and reads none.

हिन्दी: सूची (catalog) बताती है कि क्या मिलता है, कितने का है और कितना बचा है।
"""
