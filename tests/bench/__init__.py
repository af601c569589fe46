"""Tests of the benchmark harness: that it compares, counts and reports rightly. Nothing here asserts a time."""
