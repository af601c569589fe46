"""From the version log to the marts."""
