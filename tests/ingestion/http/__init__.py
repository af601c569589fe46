"""Tests of the transport policy."""
