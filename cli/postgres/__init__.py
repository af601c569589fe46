"""The parts of the embedded PostgreSQL; cli/embedded_postgres.py puts them together."""
