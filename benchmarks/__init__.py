"""Benchmarks: what each phase takes, against what, and how good the result is."""
