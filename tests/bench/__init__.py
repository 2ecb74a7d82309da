"""Measurements, each run with `python -m tests.bench.NAME`; docs/performance.md has the figures."""
