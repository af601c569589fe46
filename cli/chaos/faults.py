"""The booking system's faults, each with what a sync must make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from simulator.edits import Resource

RESOURCES: tuple[Resource, ...] = ("services", "employees", "locations", "customers", "appointments")

OutcomeClass = Literal["retry", "partial", "fail", "quarantine"]
"""retry: whole, at the cost of a request; partial: the rest is read, and a note says what not; fail: nothing is
believed, and the error says why; quarantine: the bad record is put aside with its reason, the others are read."""

_PASSING, _STAYING = 1, 10_000
"""Requests that go wrong: one, or all until the fault is cleared."""


@dataclass(frozen=True)
class Fault:
    """One way in which the booking system misbehaves. `arguments` are those of the simulator's `fail_next`."""

    name: str
    outcome: OutcomeClass
    arguments: Mapping[str, Any] = field(default_factory=dict)
    times: int = _PASSING
    error: str | None = None
    """The class of the error that names it, for a fault that fails the sync."""
    says: str = ""
    """Words of the message or the note."""
    poison: Any = None
    """A record that is shown besides the true ones, for a fault of the data."""

    def of(self, resource: Resource) -> "Fault":
        """Return what to expect of it for one list: an account may be without the feature of locations."""
        if resource == "locations" and self.arguments.get("status") == 403:
            return replace(self, outcome="partial", error=None, says="no locations")
        return self


FAULTS: tuple[Fault, ...] = (
    Fault("500 once", "retry", {"status": 500}),
    Fault("502 once", "retry", {"status": 502}),
    Fault("503 once, come back in no time", "retry", {"status": 503, "retry_after": "0"}),
    Fault("504 once", "retry", {"status": 504}),
    Fault("429 once", "retry", {"status": 429}),
    Fault("429 once, in a second", "retry", {"status": 429, "retry_after": 1}),
    Fault("429 once, at a time that is past", "retry", {"status": 429, "retry_after": "Mon, 02 Mar 2020 12:00:00 GMT"}),
    Fault("429 once, at a time that is none", "retry", {"status": 429, "retry_after": "abc"}),
    Fault("408 once", "retry", {"status": 408}),
    Fault("401 once", "retry", {"status": 401}),
    Fault("slow once", "retry", {"slow": 0.3}),
    Fault("dribbled once", "retry", {"dribble": 0.3}),
    Fault("reset once", "retry", {"reset": True}),
    Fault("cut off once", "retry", {"cut": True}),
    Fault("broken JSON once", "retry", {"truncated": True}),
    Fault("invalid UTF-8 once", "retry", {"body": b'{"data": [{"name": "\xff\xfe"}]}'}),
    Fault("down", "fail", {"status": 503}, _STAYING, "ServerError", "503"),
    Fault("throttled", "fail", {"status": 429, "retry_after": "0"}, _STAYING, "RateLimited", "429"),
    Fault("resetting", "fail", {"reset": True}, _STAYING, "ConnectionLost", "connection"),
    Fault("credentials refused", "fail", {"status": 401}, _STAYING, "AuthenticationFailed", "401"),
    Fault("feature off", "fail", {"status": 403}, _STAYING, "FeatureNotEnabled", "403"),
    Fault("a web page", "fail", {"html": True}, _STAYING, "UnexpectedResponse", "web page"),
    Fault("a redirect", "fail", {"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, _STAYING,
          "RedirectRefused", "redirect"),
    Fault("a JSON list of nothing we know", "fail", {"body": b'{"message": "hello"}'}, _STAYING, "UnexpectedResponse"),
    Fault("no records", "partial", {"vanished": True}, _STAYING, says="missing at once"),
    Fault("a record without an id", "quarantine", poison={"id": None, "name": "nobody"}, says="id"),
    Fault("a record that is a text", "quarantine", poison="what is this", says="object"),
    Fault("an id that is a list", "quarantine", poison={"id": [1, 2]}, says="id"),
)  # fmt: skip
"""Section by section: what passes, what stays, what is believed too easily, what is wrong with one record."""
