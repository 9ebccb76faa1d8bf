"""Documentation: written by people, except `reference/`, which `python -m docs.build` writes from the code."""
