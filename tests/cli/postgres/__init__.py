"""Tests of the parts of the embedded PostgreSQL."""
