"""Every query of the catalogue. Public functions that write are the units of work.

`shelf` reads what is shown, `stock` promises pieces, `prices` changes prices, `samples` loads data, `search` keeps the index.
"""
