"""Reads whole systems, runs the rules of `cluster.checks` over them, reports in people's words.

    report = verify.check(manifests.read(["kubernetes/"]))

`mela verify` is the door on the command line.
"""

from mela.verify.run import Report, check

__all__ = ["Report", "check"]
