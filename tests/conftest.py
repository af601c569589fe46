"""Lists the fixture modules; nothing else belongs here."""

pytest_plugins = ["tests.fixtures.drills", "tests.fixtures.postgres", "tests.fixtures.simulator"]
