"""Benchmarks: `make bench`; BENCHMARKING.md says how they are to be read."""
