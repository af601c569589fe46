"""A booking system that answers from memory after a set time, to any number of shops with the same lists.

`python -m bench.booking_server '{"lists": FOLDER, "latency": SECONDS}'`. It speaks Trafft's lists, sorting included,
and gives every client a token. It is a process of its own, costs 0.1 ms a page, and keeps count: GET /bench/stats tells
requests and when the first and the last came.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

SORTS = {"created_at": "created_at", "start_time": "start_date_time"}


@dataclass(frozen=True)
class Settings:
    """Where the lists lie, a file of JSON lines each, and how long an answer takes in seconds."""

    lists: str
    latency: float


class Lists:
    """The records of each list, in every order that a client may ask for."""

    def __init__(self, folder: Path) -> None:
        self._orders: dict[tuple[str, str, str], Sequence[bytes]] = {}
        self._plain: dict[str, Sequence[bytes]] = {}
        for file in folder.glob("*.jsonl"):
            records = file.read_bytes().splitlines()
            self._plain[file.stem] = records
            if file.stem == "appointments":
                self._sort(file.stem, records)

    def page(self, resource: str, query: Mapping[str, str]) -> bytes:
        """Return one page as Trafft would write it."""
        order = (resource, query.get("sort_by", ""), query.get("sort_order", "asc"))
        records = self._orders.get(order, self._plain.get(resource, ()))
        number, limit = int(query.get("page", "1")), int(query.get("limit", "20"))
        start, total = (number - 1) * limit, len(records)
        pages = -(-total // limit)
        head = f'{{"pagination":{{"total":{total},"page":{number},"limit":{limit},"pages":{pages}}},"data":['
        return b"".join((head.encode(), b",".join(records[start : start + limit]), b"]}"))

    def _sort(self, resource: str, records: Sequence[bytes]) -> None:
        read = [(json.loads(record), record) for record in records]
        for name, field in SORTS.items():
            ascending = [raw for _, raw in sorted(read, key=lambda one, by=field: (one[0][by], one[0]["id"]))]  # type: ignore[misc]
            self._orders[resource, name, "asc"] = ascending
            self._orders[resource, name, "desc"] = ascending[::-1]


class Connection(asyncio.Protocol):
    """One connection, kept alive; requests come one after the other."""

    requests = 0
    first_at: float | None = None
    last_at = 0.0

    def __init__(self, lists: Lists, latency: float) -> None:
        self._lists = lists
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request once it is whole."""
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        if separator and len(rest) >= length:
            self._received = rest[length:]
            self._answer(head.split(b" ", 2)[1].decode())

    def _answer(self, target: str) -> None:
        path, loop = urlsplit(target), asyncio.get_running_loop()
        if path.path == "/bench/stats":
            stats = {"requests": Connection.requests, "first_at": Connection.first_at, "last_at": Connection.last_at}
            Connection.requests, Connection.first_at = 0, None
            self._send(json.dumps(stats).encode())
            return
        if path.path.endswith("/token"):
            self._send(b'{"access_token":"bench","token_type":"Bearer","expires_in":3600}')
            return
        Connection.requests += 1
        Connection.last_at = loop.time()
        if Connection.first_at is None:
            Connection.first_at = loop.time()
            sys.stdout.write("first request\n")
            sys.stdout.flush()
        body = self._lists.page(path.path.rpartition("/")[2], dict(parse_qsl(path.query)))
        loop.call_later(self._latency, self._send, body)

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if isinstance(self._transport, asyncio.Transport) and not self._transport.is_closing():
            self._transport.write(head.encode() + body)


async def serve(settings: Settings) -> None:
    """Serve on a free port of loopback until killed; the first line of output is the port."""
    lists = Lists(Path(settings.lists))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(lists, settings.latency), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Settings(**json.loads(sys.argv[1]))))
