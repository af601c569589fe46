"""Trafft: client, authentication, records, and what the version log needs to know of them."""
