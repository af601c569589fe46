"""Which hosts are this machine itself; a rule that must not stand in two places."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Tell whether a host, by name or by number, is this machine's own and nobody else's."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
