"""A transport around the real one that enforces the policy on every request, those of an auth flow included."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import httpx

from ingestion.http.loopback import is_loopback
from ingestion.http.pacing import Gate, RateLimit, Timing
from ingestion.http.policy import Policy, Stats
from ingestion.http.trouble import TransportError, Trouble, place_of, printable

_GZIP_OR_ZLIB = 47
"""zlib's `wbits` for "look at the header and see"."""


class GuardedTransport(httpx.BaseTransport):
    """Refuses insecure addresses and redirects, keeps the rate limit, counts, and watches bodies as they arrive."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        policy: Policy,
        stats: Stats,
        *,
        rate_limit: RateLimit,
        gate: Gate | None,
        timing: Timing,
    ) -> None:
        self._inner = inner
        self._policy = policy
        self._stats = stats
        self._rate_limit = rate_limit
        self._gate = gate
        self._timing = timing

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises `TransportError`, and what the inner transport raises."""
        with _located(request):
            require_secure(request.url, allow_loopback=self._policy.allow_loopback)
            waited = self._rate_limit.wait()
            self._stats.count_request(waited=waited + (self._gate.wait() if self._gate else 0.0))
            deadline = self._timing.monotonic() + self._policy.attempt_seconds
            response = self._inner.handle_request(request)
            response.request = request
            try:
                headers = _admit(response, self._policy.body_bytes)
            except TransportError:
                response.close()
                raise
        body = _WatchedBody(response, self._policy.body_bytes, self._stats, deadline=deadline, timing=self._timing)
        return httpx.Response(response.status_code, headers=headers, stream=body, extensions=response.extensions)

    def close(self) -> None:
        self._inner.close()


class _WatchedBody(httpx.SyncByteStream):
    """A body that is counted, timed and decompressed piece by piece, and cut off at the first byte too many."""

    def __init__(
        self, response: httpx.Response, allowed: int, stats: Stats, *, deadline: float, timing: Timing
    ) -> None:
        self._response = response
        self._allowed = allowed
        self._stats = stats
        self._deadline = deadline
        self._timing = timing

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._received()
        if _encoding(self._response) == "gzip":
            pieces = _decompressed(pieces, self._allowed + 1)
        size = 0
        with _located(self._response.request):
            for piece in pieces:
                size += len(piece)
                if size > self._allowed:
                    raise TransportError(Trouble.TOO_LARGE, f"more than the {self._allowed} bytes allowed")
                yield piece

    def close(self) -> None:
        self._response.close()

    def _received(self) -> Iterator[bytes]:
        for piece in cast(httpx.SyncByteStream, self._response.stream):
            self._stats.count_bytes(len(piece))
            if self._timing.monotonic() > self._deadline:
                raise TransportError(Trouble.TIMEOUT, "the body came too slowly")
            yield piece


@contextmanager
def _located(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except TransportError as error:
        error.where = place_of(request)
        raise


def _admit(response: httpx.Response, allowed: int) -> list[tuple[bytes, bytes]]:
    """Return the headers, without the encoding that `_WatchedBody` undoes; refuse what needs no reading."""
    if 300 <= response.status_code < 400:
        raise TransportError(Trouble.REDIRECT, f"status {response.status_code}")
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length[:19]) > allowed:
        raise TransportError(Trouble.TOO_LARGE, f"{length[:19]} bytes announced, {allowed} allowed")
    if _encoding(response) not in ("", "identity", "gzip"):
        raise TransportError(Trouble.BROKEN_BODY, f"encoding {printable(_encoding(response))} was not asked for")
    return [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]


def _encoding(response: httpx.Response) -> str:
    return str(response.headers.get("content-encoding", "")).strip().lower()


def _decompressed(pieces: Iterable[bytes], allowed: int) -> Iterator[bytes]:
    """Decompress without ever holding more than `allowed` bytes, however much a piece would swell to."""
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        for piece in pieces:
            inflated = inflater.decompress(piece, allowed)
            allowed -= len(inflated)
            yield inflated
            if allowed <= 0:
                return
    except zlib.error:
        raise TransportError(Trouble.BROKEN_BODY, "not valid gzip") from None
    if not inflater.eof:
        raise TransportError(Trouble.BROKEN_BODY, "gzip ended early")


def require_secure(url: httpx.URL, *, allow_loopback: bool) -> None:
    """Raise `TransportError` unless the address is https, or this machine's own and that is allowed."""
    is_own = is_loopback(url.host)
    if is_own and not allow_loopback:
        raise TransportError(Trouble.INSECURE, "it points at this machine")
    if url.scheme != "https" and not (url.scheme == "http" and is_own):
        raise TransportError(Trouble.INSECURE, "only https keeps the credentials to ourselves")
