"""A false Trafft that behaves like the real one, for tests, benchmarks and the demo."""
