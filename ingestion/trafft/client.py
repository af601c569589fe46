"""Reads pages and single records of one Trafft account, under the transport policy, with typed errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx

from ingestion.http.channel import Answer, Channel
from ingestion.http.pacing import Gate, Timing
from ingestion.http.policy import Policy, Stats
from ingestion.http.retrying import Retrier, retry_after
from ingestion.http.trouble import TransportError
from ingestion.trafft.answers import message_of, require_json
from ingestion.trafft.auth import Credentials, StaticToken, auth_for
from ingestion.trafft.base_url import InvalidBaseUrl, normalise_base_url
from ingestion.trafft.errors import (
    InsecureUrl,
    NotFound,
    UnexpectedResponse,
    error_of_status,
    error_of_transport,
    is_retryable,
    told_to_wait,
)

__all__ = ["Page", "Policy", "TrafftClient", "decode_page"]

API_PATH = "/api/v2"
PAGE_SIZE = 100
"""Clients are known to ask for 20 to 100 and be served; the server's own ceiling is not documented."""

_LONGEST_COUNT = 18

Result = TypeVar("Result")
_NO_PARAMS: Mapping[str, str] = {}


@dataclass(frozen=True)
class Page:
    """One answer of a list. What Trafft says of the list is None where it does not say it, or not as a number."""

    number: int
    records: list[Any]
    """Decoded JSON values, untrusted: not even that they are objects is known."""
    total: int | None
    pages: int | None
    limit: int | None
    requested_at: datetime
    """Aware UTC, when the request that brought this answer began: the records were like this then or later."""


class TrafftClient:
    """A connection to one account; close it, or use it as a context manager. Threads may share it.

    Raises `TrafftError`s only, and retries by itself what may pass with time.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials | StaticToken,
        *,
        policy: Policy | None = None,
        gate: Gate | None = None,
        transport: httpx.BaseTransport | None = None,
        timing: Timing | None = None,
    ) -> None:
        policy = policy or Policy()
        self._timing = timing or Timing()
        try:
            origin = normalise_base_url(base_url, allow_loopback=policy.allow_loopback)
        except InvalidBaseUrl as error:
            raise InsecureUrl(str(error)) from None
        self._api = f"{origin}{API_PATH}"
        self._auth = auth_for(credentials, f"{self._api}/token", timing=self._timing)
        self._channel = Channel(policy, auth=self._auth, gate=gate, transport=transport, timing=self._timing)
        self._retrier = Retrier(
            policy, stats=self._channel.stats, rate_limit=self._channel.rate_limit, timing=self._timing
        )

    @property
    def stats(self) -> Stats:
        """What was done so far: requests, retries, bytes, seconds waited."""
        return self._channel.stats

    def now(self) -> datetime:
        """Return the moment (aware UTC) by the clock that stamps the pages."""
        return self._timing.now()

    def page(
        self, resource: str, number: int, *, limit: int = PAGE_SIZE, params: Mapping[str, str] = _NO_PARAMS
    ) -> Page:
        """Return one page of a list; numbers begin at 1."""
        query = {**params, "page": str(number), "limit": str(limit)}
        return self._get(resource, query, lambda body, at, where: decode_page(body, number, at, where=where))

    def record(self, resource: str, external_id: str) -> dict[str, Any]:
        """Return one record by its id. Trafft has no such operation for appointments."""
        if external_id in ("", ".", ".."):
            raise NotFound(f"No record can have the id {external_id!r}", f"GET {API_PATH}/{resource}")
        return self._get(f"{resource}/{quote(external_id, safe='')}", {}, _decode_record)

    def check(self) -> None:
        """Fetch a token and one service; raises the error that says what is wrong with the account's settings."""
        self.page("services", 1, limit=1)

    def close(self) -> None:
        """Close the connections that were kept alive."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _get(self, path: str, params: Mapping[str, str], read: Callable[[bytes, datetime, str], Result]) -> Result:
        """Decoding is part of the attempt, so that a body that broke off is asked for again."""
        where = f"GET {API_PATH}/{path}"

        def attempt() -> Result:
            requested_at = self._timing.now()
            return read(self._send(path, params, where).body, requested_at, where)

        return self._retrier.run(attempt, is_retryable=is_retryable, told_to_wait=told_to_wait)

    def _send(self, path: str, params: Mapping[str, str], where: str) -> Answer:
        try:
            answer = self._channel.send("GET", f"{self._api}/{path}", params)
        except TransportError as error:
            raise error_of_transport(error) from None
        if 200 <= answer.status < 300:
            return answer
        said = message_of(answer.body, self._auth.secrets())
        told = retry_after(answer.headers, now=self._timing.now())
        raise error_of_status(answer.status, where, said=said, retry_after=told)


def decode_page(body: bytes, number: int, requested_at: datetime, *, where: str = "a page") -> Page:
    """Return a page from its JSON, in any of the envelopes that Trafft is known or feared to use.

    Raises `UnexpectedResponse` for a web page or an unknown shape, `BrokenAnswer` for JSON that breaks off.
    """
    answer = require_json(body, where)
    block: Any = answer
    if isinstance(answer, dict):
        block = next((answer[key] for key in ("pagination", "meta") if isinstance(answer.get(key), dict)), answer)
        answer = answer.get("data")
    if not isinstance(answer, list):
        raise UnexpectedResponse("The answer holds no list of records", where)
    if not isinstance(block, dict):
        block = {}
    return Page(
        number=number,
        records=answer,
        total=_count(block, "total"),
        pages=_count(block, "pages", "last_page"),
        limit=_count(block, "limit", "per_page"),
        requested_at=requested_at,
    )


def _decode_record(body: bytes, _requested_at: datetime, where: str) -> dict[str, Any]:
    record = require_json(body, where)
    if isinstance(record, dict) and record.keys() == {"data"}:
        record = record["data"]
    if not isinstance(record, dict):
        raise UnexpectedResponse("The answer holds no record", where)
    return record


def _count(block: Mapping[str, Any], *names: str) -> int | None:
    """Return the first of these that is a whole number, also one written as text, as Laravel does at times."""
    for name in names:
        value = block.get(name)
        if type(value) is int and value >= 0:
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _LONGEST_COUNT:
            return int(value)
    return None
