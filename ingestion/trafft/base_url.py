"""The address of a Trafft account as people paste it, checked and brought to one form.

Credentials are sent to this address, so it must be one that the shop can mean: an https origin with a public name.
"""

import re
from urllib.parse import SplitResult, urlsplit

from ingestion.http.loopback import is_loopback

_EXAMPLE = "https://yourshop.admin.trafft.com"
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")
_INNER_SUFFIXES = (".local", ".internal", ".localdomain", ".lan", ".home.arpa", ".localhost")
_API_PATHS = ("", "/", "/api/v2", "/api/v2/")
_DEFAULT_PORTS = {"https": 443, "http": 80}


class InvalidBaseUrl(ValueError):
    """The address cannot be a Trafft account's; the message says what to do. Never carries a user name or password."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The base URL {reason}. Copy the API URL from Trafft's API card "
            f"(Features & Integrations, API, Set Up); it looks like {_EXAMPLE}."
        )


def normalise_base_url(text: str, *, allow_loopback: bool) -> str:
    """Return the account's origin: lower case, no trailing slash, no default port.

    With `allow_loopback`, this machine's own addresses may be given too, and those with plain http (the simulator).
    The path `/api/v2`, which some copies carry, is dropped. Raises `InvalidBaseUrl`.
    """
    parts = _split(text.strip())
    host = _host(parts)
    is_own = is_loopback(host)
    if is_own and not allow_loopback:
        raise InvalidBaseUrl(
            "points at this machine (if that is meant, set ALLOW_LOOPBACK=true, also where `sixfb up` runs)"
        )
    if parts.scheme != "https" and not (is_own and parts.scheme == "http"):
        raise InvalidBaseUrl("must begin with https://, so that nobody on the way reads the credentials")
    if not is_own:
        _require_public_name(host)
    if parts.path not in _API_PATHS:
        raise InvalidBaseUrl("has a path; only the part up to the host is wanted")
    port = _port(parts)
    if port and not is_own:
        raise InvalidBaseUrl(f"names port {port}; Trafft answers on the usual one")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port}" if port else f"{parts.scheme}://{shown}"


def _split(text: str) -> SplitResult:
    # urlsplit drops tabs and newlines silently; browsers read a backslash as a slash, and so name another host.
    if not text.isascii() or not text.isprintable() or any(sign in text for sign in ' \\"<>^`{|}%'):
        raise InvalidBaseUrl("holds characters that no address has (write a name with accents in its xn-- form)")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InvalidBaseUrl("cannot be read as an address") from None
    if not parts.netloc:
        raise InvalidBaseUrl("must begin with https://")
    if "@" in parts.netloc:
        raise InvalidBaseUrl("holds a user name or password; leave them out")
    if "?" in text or "#" in text:
        raise InvalidBaseUrl("holds a ? or #; leave out what follows")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if not host:
        raise InvalidBaseUrl("names no host")
    return host


def _port(parts: SplitResult) -> int | None:
    """Return the port unless it is the scheme's own."""
    try:
        port = parts.port
    except ValueError:
        raise InvalidBaseUrl("has a port that is no number from 1 to 65535") from None
    if port == 0:
        raise InvalidBaseUrl("has a port that is no number from 1 to 65535")
    return None if port == _DEFAULT_PORTS[parts.scheme] else port


def _require_public_name(host: str) -> None:
    """Refuse addresses in numbers (in all their spellings) and names that only an inner network knows."""
    labels = host.split(".")
    if ":" in host or labels[-1][:1].isdigit():
        raise InvalidBaseUrl("is an address in numbers; Trafft accounts have a name")
    if len(labels) < 2 or host.endswith(_INNER_SUFFIXES):
        raise InvalidBaseUrl(f"names {host}, which the internet does not know")
    if len(host) > 253 or not all(_LABEL.match(label) for label in labels):
        raise InvalidBaseUrl("names a host that cannot exist")
