"""Tests mirror the tree; fixtures live in tests/fixtures."""
