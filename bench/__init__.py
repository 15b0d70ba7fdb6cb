"""Benchmarks: each prints its table, with the ratios, from one run."""
