"""Tests of the Trafft side of ingestion."""
