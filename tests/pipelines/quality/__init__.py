"""Tests of the expectation suites and their runner."""
