"""Benchmarks: ratios against a stated rival or a physical limit, measured side by side in one run."""
