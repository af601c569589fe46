"""The `sixfb` command. May import everything; nothing imports it."""
