"""A rehearsal as people read it: on a terminal, and as one page that needs nothing else.

    terminal.lines(outcome)     # 80 columns, sparklines, good without colour
    page.html([outcome])        # one self-contained file; two outcomes stand side by side

`words` says a verdict in five languages. `thin` keeps the extremes when six hours must fit into a picture.
"""
