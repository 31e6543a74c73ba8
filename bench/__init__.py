"""Benchmarks of pages and polls, as ratios measured in one run: `make bench`.

__main__.py runs measure.py in a process for each group of figures and each setting, and writes
docs/benchmarks.md.
"""
