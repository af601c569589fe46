"""Tests of the control record."""
