"""Named faults: what goes wrong with the next requests for a resource, and nothing else."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

import orjson

from simulator.answers import HTML, JSON, SHELL, Answer, reply
from simulator.modes import Modes

EVERYTHING = "*"
_MESSAGES = {401: "Unauthenticated.", 403: "Feature is not enabled", 429: "Too Many Attempts."}


@dataclass(frozen=True)
class Fault:
    """One kind of trouble. Several fields can be set at once, such as `slow` and `truncated`."""

    resource: str  # as in the path, "token", or "*" for any
    status: int | None = None
    retry_after: int | str | None = None  # seconds, or any text for the header as it is
    slow: float = 0.0  # seconds before the first byte
    dribble: float = 0.0  # seconds for the body, byte by byte
    truncated: bool = False  # JSON that stops half way, in an answer that is otherwise whole
    cut: bool = False  # the connection closes half way through the body
    reset: bool = False  # the connection is reset before any answer
    html: bool = False  # 200 with the single-page app
    empty: bool = False  # 200 with no rows on this page, the rest of the envelope as it should be
    vanished: bool = False  # 200 with an empty list, as if the account held nothing
    body: bytes | None = None  # 200 (or `status`) with these bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    client_id: str | None = None  # only this shop's requests

    def apply(self, answer: Answer, modes: Modes, now: datetime) -> Answer:
        """The answer as the fault leaves it."""
        if self.status is not None and self.body is None:
            message = _MESSAGES.get(self.status, "Server Error")
            answer = reply({"message": message}, self.status)
        if self.html:
            answer = replace(answer, status=self.status or 200, body=SHELL, content_type=HTML)
        if self.empty and answer.content_type == JSON:
            answer = replace(answer, body=orjson.dumps({**orjson.loads(answer.body), "data": []}))
        if self.vanished:
            pagination = {"total": 0, "page": 1, "limit": modes.default_limit, "pages": 0}
            answer = reply({"data": [], "pagination": pagination})
        if self.body is not None:
            answer = replace(answer, status=self.status or 200, body=self.body, content_type=JSON)
        if self.truncated:
            answer = replace(answer, body=answer.body[: len(answer.body) // 2])
        headers = {**answer.headers, **self._retry_after(modes, now), **self.headers}
        return replace(answer, headers=headers, delay=self.slow, dribble=self.dribble, reset=self.reset, cut=self.cut)

    def _retry_after(self, modes: Modes, now: datetime) -> dict[str, str]:
        if self.retry_after is None:
            return {}
        if isinstance(self.retry_after, str):
            return {"Retry-After": self.retry_after}
        return retry_after(self.retry_after, modes, now)


def retry_after(seconds: int, modes: Modes, now: datetime) -> dict[str, str]:
    """The header in the form that the account's modes give it."""
    if modes.retry_after == "absent":
        return {}
    if modes.retry_after == "http_date":
        return {"Retry-After": format_datetime(now + timedelta(seconds=seconds), usegmt=True)}
    return {"Retry-After": str(seconds)}


@dataclass
class _Waiting:
    fault: Fault
    times: int
    after: int


class Faults:
    """The queue of faults still to come. Each matching request uses up one turn of the first fault that is due."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault, *, times: int, after: int) -> None:
        """Let the next `times` requests that fit fail, but let the first `after` of them pass."""
        with self._lock:
            self._waiting.append(_Waiting(fault, times, after))

    def next_for(self, resource: str, client_id: str | None) -> Fault | None:
        """Take and return the fault that this request meets, or None."""
        with self._lock:
            for entry in self._waiting:
                fault = entry.fault
                if fault.resource not in (resource, EVERYTHING) or fault.client_id not in (client_id, None):
                    continue
                if entry.after > 0:
                    entry.after -= 1
                    continue
                entry.times -= 1
                if entry.times <= 0:
                    self._waiting.remove(entry)
                return fault
            return None

    def clear(self) -> None:
        """Forget the faults that have not happened yet."""
        with self._lock:
            self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)
