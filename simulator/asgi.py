"""The simulator on a socket: a plain ASGI callable that can also stall, stop half way and reset the connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from simulator.answers import Answer
from simulator.control import control
from simulator.server import Request, Simulator
from simulator.wire import pause, pieces

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PATH = "/_simulator"
# ASGI extensions that end the connection, with and without a fuss; see simulator.serving.
RESET, CLOSE = "simulator.reset", "simulator.close"


def app(simulator: Simulator) -> App:
    """Return the simulator as an ASGI application for a server on a socket."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"the simulator speaks http, not {scope['type']}; run it with lifespan off")
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            body=await _body(receive),
        )
        if request.path.startswith(f"{CONTROL_PATH}/"):
            await _steer(control(simulator, request), send)
            return
        answer = simulator.answer(request)
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if not answer.reset:
            await _send(answer, send)
        if answer.reset or answer.cut:
            _end(scope, RESET if answer.reset else CLOSE)
            await receive()  # the server's word that the connection is gone

    return respond


def _end(scope: Scope, how: str) -> None:
    ways = scope.get("extensions") or {}
    if how not in ways:
        raise RuntimeError("this server cannot end a connection on demand: run the simulator with simulator.serving")
    ways[how]()


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _steer(answer: Answer | Iterator[bytes], send: Send) -> None:
    if isinstance(answer, Answer):
        await _send(answer, send)
        return
    headers = [(b"content-type", b"application/x-ndjson")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for portion in answer:
        await send({"type": "http.response.body", "body": portion, "more_body": True})
        await asyncio.sleep(0)  # let other requests in between
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(answer: Answer, send: Send) -> None:
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    if answer.content_type:
        headers["Content-Type"] = answer.content_type
    if answer.status in (204, 304):
        del headers["Content-Length"]
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    for piece in pieces(answer):
        await asyncio.sleep(pause(answer))
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if not answer.cut:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
