"""What is measured, how, and under which conditions. `make bench` runs all of it and writes `benchmarks/last.json`.

Machines are noisy: compare figures of one run only, and quote ratios. The server has one core, the load another, where there
are two. Loopback only.
"""
