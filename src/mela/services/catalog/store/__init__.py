"""Every query of the catalogue. Public functions that write are the units of work.

`shelf` reads what is shown, `listing` pages of it, `stock` promises pieces, `changes` are the person on duty's, `samples` reads the
sample files, `load` puts them into the database, `search` keeps the index.
"""
