"""The hash chain: its format, its verification, its signed heads and its export.

format.py, verifier.py and erased_ranges.py use the standard library alone.
"""
