"""Tests of the `sixfb` command."""
