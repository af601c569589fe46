"""Runs the simulator under uvicorn on a loopback port: in this thread for the CLI, in a background one for tests."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.asgi import CLOSE, RESET, App, Receive, Scope, Send, app
from simulator.clock import Clock
from simulator.server import Simulator
from simulator.shop import Shop

HOST = "127.0.0.1"
_STOP_SECONDS = 5


class ResettableProtocol(HttpToolsProtocol):
    """uvicorn's own, plus two ASGI extensions with which the application can end its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the connection's requests a way to end it in the middle of an answer."""
        super().connection_made(transport)
        self.app = _with_endings(self.app, transport)


def _with_endings(inner: Any, transport: asyncio.Transport) -> App:
    def reset() -> None:
        connection = transport.get_extra_info("socket")
        # Linger on, for zero seconds: closing sends RST instead of FIN.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    async def with_endings(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {}).update({RESET: reset, CLOSE: transport.close})
        await inner(scope, receive, send)

    return with_endings


def serve(shops: Iterable[Shop], *, port: int, clock: Clock) -> None:
    """Serve until interrupted. For a process of its own."""
    _server(Simulator(shops, clock=clock), port).run()


@contextmanager
def running(simulator: Simulator, *, port: int = 0) -> Iterator[str]:
    """Serve from a thread while the block runs; gives the base URL. Port 0 takes a free one."""
    listener = socket.create_server((HOST, port))
    server = _server(simulator, port)
    thread = threading.Thread(target=server.run, args=([listener],), name="simulator", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()


def _server(simulator: Simulator, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        app(simulator),
        host=HOST,
        port=port,
        http=ResettableProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        date_header=False,  # the simulator's clock writes it
        server_header=False,
        timeout_graceful_shutdown=1,  # slow answers are not worth waiting for
    )
    return uvicorn.Server(config)
