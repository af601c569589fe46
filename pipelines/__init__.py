"""Knows Dagster: assets, checks, schedules and sensors over `ingestion` and the dbt project."""
