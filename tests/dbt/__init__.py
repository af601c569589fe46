"""Tests of the dbt project: real dbt on a real PostgreSQL, over raw rows written by hand."""
