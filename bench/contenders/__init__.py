"""The loads that are measured, each in a process of its own: an order comes in as JSON, an outcome goes out as JSON."""
