"""Contracts: the same answers from an object and from a process away."""
