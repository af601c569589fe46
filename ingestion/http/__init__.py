"""Transport policy shared by all booking-system clients: limits, time-outs, retries, and what is refused outright."""
