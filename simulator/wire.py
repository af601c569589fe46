"""An answer as httpx sees it through MockTransport: the same troubles that a socket would have, raised as errors."""

import time
from collections.abc import AsyncIterator, Iterator

import httpx

from simulator.answers import Answer

_PIECES = 10


class BadStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes slowly, or stops half way."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        for piece in pieces(self._answer):
            time.sleep(self._answer.dribble / _PIECES)
            yield piece
        if self._answer.cut:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body (simulator)")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def pieces(answer: Answer) -> list[bytes]:
    """The body in the portions in which it is sent; half of it when the connection breaks."""
    body = answer.body[: len(answer.body) // 2] if answer.cut else answer.body
    if not answer.dribble:
        return [body]
    size = max(-(-len(body) // _PIECES), 1)
    return [body[start : start + size] for start in range(0, len(body), size)]


def pause(answer: Answer) -> float:
    """Seconds to wait before each portion of a dribbling body."""
    return answer.dribble / _PIECES


def to_httpx(answer: Answer, request: httpx.Request) -> httpx.Response:
    """Return the answer as httpx knows it; delays are slept, endings raised as httpx raises them."""
    if answer.reset:
        raise httpx.ReadError("connection reset by peer (simulator)", request=request)
    patience = request.extensions.get("timeout", {}).get("read")
    if answer.delay:
        if patience is not None and answer.delay >= patience:
            raise httpx.ReadTimeout("the read operation timed out (simulator)", request=request)
        time.sleep(answer.delay)
    headers = dict(answer.headers)
    if answer.content_type:
        headers["Content-Type"] = answer.content_type
    if answer.cut or answer.dribble:
        length = {"Content-Length": str(len(answer.body))}
        return httpx.Response(answer.status, headers={**headers, **length}, stream=BadStream(answer), request=request)
    return httpx.Response(answer.status, headers=headers, content=answer.body, request=request)
