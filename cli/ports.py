"""Loopback ports: who has one, and the next that is free."""

import socket

from cli.errors import CommandError

LOOPBACK = "127.0.0.1"
_TRIES = 50


def is_free(port: int) -> bool:
    """Tell whether we could listen on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no occupant
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port(wanted: int, *, used: frozenset[int] = frozenset()) -> int:
    """Return the wanted port, or the next one that is free and not in `used`."""
    for port in range(wanted, min(wanted + _TRIES, 65_536)):
        if port not in used and is_free(port):
            return port
    raise CommandError(f"No port from {wanted} to {wanted + _TRIES - 1} is free. Choose another with --port.")


def answers(port: int) -> bool:
    """Tell whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((LOOPBACK, port)) == 0
