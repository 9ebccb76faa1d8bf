"""Mela: India-scale commerce on Kubernetes. Run it on a laptop, rehearse the big day, ship it to a cluster."""

__version__ = "0.1.0"
