"""One shop's connection to its booking system: synchronous httpx over HTTP/1.1 with keep-alive, under a policy."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Self

import httpx

from ingestion.http.guard import GuardedTransport
from ingestion.http.pacing import Gate, RateLimit, Timing
from ingestion.http.policy import Policy, Stats
from ingestion.http.trouble import TransportError, Trouble, place_of, printable


@dataclass(frozen=True)
class Answer:
    """Status, headers and decompressed body of one answer, whatever the status."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)


class Channel:
    """Sends single requests; close it, or use it as a context manager. Safe to share between threads."""

    def __init__(
        self,
        policy: Policy,
        *,
        auth: httpx.Auth,
        gate: Gate | None = None,
        transport: httpx.BaseTransport | None = None,
        timing: Timing | None = None,
    ) -> None:
        timing = timing or Timing()
        self.stats = Stats()
        self.rate_limit = RateLimit(per_minute=policy.requests_per_minute, burst=policy.burst, timing=timing)
        inner = transport or httpx.HTTPTransport(verify=_tls(), trust_env=False)
        self._client = httpx.Client(
            transport=GuardedTransport(inner, policy, self.stats, rate_limit=self.rate_limit, gate=gate, timing=timing),
            auth=auth,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "sixfb"},
            timeout=httpx.Timeout(
                connect=policy.connect_seconds,
                read=policy.read_seconds,
                write=policy.write_seconds,
                pool=policy.pool_seconds,
            ),
            trust_env=False,
        )

    def send(self, method: str, url: str, params: Mapping[str, str] | None = None) -> Answer:
        """Make one attempt and return its answer, whatever the status.

        Raises `TransportError` (an httpx error would carry the request, and with it the token), and what the auth
        flow raises.
        """
        request = self._client.build_request(method, url, params=params)
        try:
            response = self._client.send(request)
        except httpx.TransportError as error:
            raise _without_request(error) from None
        return Answer(response.status_code, response.headers, response.content)

    def close(self) -> None:
        """Close the connections that were kept alive."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _without_request(error: httpx.TransportError) -> TransportError:
    """Return what went wrong without the httpx error, which carries the request and with it the token."""
    where = place_of(error.request)
    match error:
        case httpx.TimeoutException():
            return TransportError(Trouble.TIMEOUT, type(error).__name__, where=where)
        case httpx.NetworkError():
            return TransportError(Trouble.CONNECTION, printable(str(error)), where=where)
        case httpx.RemoteProtocolError():
            return TransportError(Trouble.BROKEN_BODY, "the server closed the connection early", where=where)
        case _:
            # The text of the others can quote what we sent, such as a header that is not allowed.
            return TransportError(Trouble.CONNECTION, type(error).__name__, where=where)


@cache
def _tls() -> ssl.SSLContext:
    """One for all shops: reading the certificate authorities takes about 20 ms."""
    return httpx.create_ssl_context(trust_env=False)
