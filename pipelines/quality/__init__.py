"""Great Expectations: the suites as data, and the runner that turns a verdict into a Dagster check result."""
