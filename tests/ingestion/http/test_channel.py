"""What a channel refuses, cuts off and counts. The servers here are no booking system, only bytes and trouble."""

import gzip
import logging
import traceback
import tracemalloc
from collections.abc import Callable, Generator, Iterator

import httpx
import pytest

from ingestion.http.channel import Channel
from ingestion.http.guard import require_secure
from ingestion.http.pacing import Gate, RateLimit, Stopped
from ingestion.http.policy import Policy
from ingestion.http.trouble import TransportError, Trouble, printable
from tests.ingestion.fake_time import FakeTime

URL = "https://bookings.example/api/list"
TOKEN = "tok-very-secret-0123456789"
Handler = Callable[[httpx.Request], httpx.Response]


class Signed(httpx.Auth):
    """Puts a secret on each request, as a booking system's auth does."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {TOKEN}"
        yield request


class Pieces(httpx.SyncByteStream):
    """A body in pieces that tells how many of them were taken."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.taken = 0
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece


def channel(handler: Handler, policy: Policy | None = None, time: FakeTime | None = None) -> Channel:
    timing = (time or FakeTime()).timing
    return Channel(policy or Policy(), auth=Signed(), transport=httpx.MockTransport(handler), timing=timing)


def answering(status: int = 200, **response: object) -> Handler:
    return lambda request: httpx.Response(status, **response)  # type: ignore[arg-type]  # httpx's own arguments


def trouble_of(handler: Handler, policy: Policy | None = None, time: FakeTime | None = None) -> TransportError:
    with channel(handler, policy, time) as one, pytest.raises(TransportError) as caught:
        one.send("GET", URL)
    return caught.value


def test_an_answer_comes_back_whatever_its_status() -> None:
    with channel(answering(503, content=b"busy", headers={"X-Kind": "sorry"})) as one:
        answer = one.send("GET", URL, {"page": "2"})
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (503, b"busy", "sorry")
    assert (one.stats.requests, one.stats.bytes) == (1, 4)


def test_the_rate_limit_holds_for_every_request_on_the_wire() -> None:
    time = FakeTime()
    with channel(answering(), Policy(requests_per_minute=60, burst=2), time) as one:
        for _ in range(4):
            one.send("GET", URL)
    assert time.slept == [1, 1]
    assert one.stats.rate_limit_seconds == one.stats.waited_seconds == 2


@pytest.mark.parametrize(
    ("url", "allow_loopback", "is_fine"),
    [
        ("https://x.admin.trafft.com/a", False, True),
        ("http://x.admin.trafft.com/a", True, False),
        ("http://127.0.0.1:80/a", True, True),
        ("http://127.8.9.1/a", True, True),
        ("http://[::1]:8801/a", True, True),
        ("http://localhost:8801/a", True, True),
        ("http://localhost.evil.example/a", True, False),
        ("http://127.0.0.1.evil.example/a", True, False),
        ("http://10.0.0.1/a", True, False),
        ("http://127.0.0.1/a", False, False),
        ("https://127.0.0.1/a", False, False),
        ("https://localhost/a", False, False),
        ("ftp://localhost/a", True, False),
    ],
)
def test_only_https_and_on_request_this_machine_are_asked(url: str, *, allow_loopback: bool, is_fine: bool) -> None:
    if is_fine:
        require_secure(httpx.URL(url), allow_loopback=allow_loopback)
    else:
        with pytest.raises(TransportError, match="not allowed"):
            require_secure(httpx.URL(url), allow_loopback=allow_loopback)


def test_nothing_is_sent_to_an_insecure_address() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200)

    with channel(handler) as one, pytest.raises(TransportError) as caught:
        one.send("GET", "http://bookings.example/api/list")
    assert caught.value.trouble is Trouble.INSECURE
    assert asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_its_target_never_asked(status: int) -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(status, headers={"Location": "https://evil.example/"})

    error = trouble_of(redirect)
    assert (error.trouble, error.where) == (Trouble.REDIRECT, "GET /api/list")
    assert asked == [URL]


def test_an_endless_body_is_cut_off_where_it_becomes_too_large() -> None:
    body = Pieces(b"x" * 1000 for _ in iter(int, 1))
    error = trouble_of(answering(stream=body), Policy(body_bytes=10_000))
    assert error.trouble is Trouble.TOO_LARGE
    assert body.taken == 11


def test_a_body_that_is_announced_as_too_large_is_not_read_at_all() -> None:
    body = Pieces(iter([b"x"]))
    error = trouble_of(answering(stream=body, headers={"Content-Length": "10001"}), Policy(body_bytes=10_000))
    assert (error.trouble, body.taken) == (Trouble.TOO_LARGE, 0)


def test_a_body_of_exactly_the_size_allowed_is_read() -> None:
    with channel(answering(content=b"x" * 10_000), Policy(body_bytes=10_000)) as one:
        assert len(one.send("GET", URL).body) == 10_000


def zipped(content: bytes) -> Handler:
    return answering(stream=Pieces(iter([content])), headers={"Content-Encoding": "gzip"})


def test_compressed_answers_are_asked_for_and_read() -> None:
    offered: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        offered.append(request.headers["Accept-Encoding"])
        return zipped(gzip.compress(b"records" * 1000, mtime=0))(request)

    with channel(handler) as one:
        assert one.send("GET", URL).body == b"records" * 1000
    assert offered == ["gzip"]
    assert one.stats.bytes < 200


def test_a_compressed_bomb_is_cut_off_before_it_swells() -> None:
    bomb = gzip.compress(bytes(200_000_000), compresslevel=9)
    tracemalloc.start()
    try:
        error = trouble_of(zipped(bomb), Policy(body_bytes=1_000_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.trouble is Trouble.TOO_LARGE
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("content", "encoding"),
    [(gzip.compress(b"records" * 1000, mtime=0)[:-20], "gzip"), (b"no gzip at all", "gzip"), (b"records", "br")],
)
def test_compression_that_breaks_off_or_was_not_asked_for_is_a_broken_body(content: bytes, encoding: str) -> None:
    handler = answering(stream=Pieces(iter([content])), headers={"Content-Encoding": encoding})
    assert trouble_of(handler).trouble is Trouble.BROKEN_BODY


def test_a_body_that_dribbles_is_given_up_at_the_deadline() -> None:
    time = FakeTime()

    def dribble() -> Iterator[bytes]:
        while True:
            time.pass_by(10)
            yield b" "

    body = Pieces(dribble())
    error = trouble_of(answering(stream=body), Policy(attempt_seconds=60), time)
    assert (error.trouble, error.where, body.taken) == (Trouble.TIMEOUT, "GET /api/list", 7)


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        (httpx.ConnectTimeout("t"), Trouble.TIMEOUT),
        (httpx.ReadTimeout("t"), Trouble.TIMEOUT),
        (httpx.WriteTimeout("t"), Trouble.TIMEOUT),
        (httpx.PoolTimeout("t"), Trouble.TIMEOUT),
        (httpx.ConnectError("name unknown"), Trouble.CONNECTION),
        (httpx.ReadError("reset by peer"), Trouble.CONNECTION),
        (httpx.RemoteProtocolError("closed early"), Trouble.BROKEN_BODY),
        (httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"), Trouble.CONNECTION),
    ],
)
def test_trouble_is_told_without_the_request_that_it_met(
    failure: httpx.TransportError, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure

    with caplog.at_level(logging.DEBUG):
        error = trouble_of(fail)
    told = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
    assert (error.trouble, error.where) == (trouble, "GET /api/list")
    assert TOKEN not in told


def test_every_request_carries_its_time_outs() -> None:
    seen: dict[str, float] = {}

    def handler(request: httpx.Request) -> httpx.Response:
        seen.update(request.extensions["timeout"])
        return httpx.Response(200)

    policy = Policy(connect_seconds=1, read_seconds=2, write_seconds=3, pool_seconds=4)
    with channel(handler, policy) as one:
        one.send("GET", URL)
    assert seen == {"connect": 1, "read": 2, "write": 3, "pool": 4}


def test_foreign_text_is_put_on_one_short_plain_line() -> None:
    assert printable("a\r\nb\x1b[31mred\u202e " + "x" * 500) == "a b [31mred " + "x" * 188


def test_all_shops_together_keep_the_rate_of_the_process() -> None:
    time = FakeTime()
    gate = Gate(RateLimit(per_minute=120, burst=1, timing=time.timing))

    def shop() -> Channel:
        transport = httpx.MockTransport(answering())
        policy = Policy(requests_per_minute=60, burst=100)
        return Channel(policy, auth=Signed(), gate=gate, transport=transport, timing=time.timing)

    shops = [shop() for _ in range(5)]
    for _ in range(4):
        for one in shops:
            one.send("GET", URL)
    assert time.monotonic() == pytest.approx(19 / 2)
    assert sum(one.stats.rate_limit_seconds for one in shops) == pytest.approx(19 / 2)


def test_a_run_that_is_over_asks_nothing_more() -> None:
    time = FakeTime()
    gate = Gate(RateLimit(per_minute=600, burst=10, timing=time.timing))
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200)

    with Channel(Policy(), auth=Signed(), gate=gate, transport=httpx.MockTransport(answer), timing=time.timing) as one:
        one.send("GET", URL)
        gate.shut()
        with pytest.raises(Stopped):
            one.send("GET", URL)
    assert len(asked) == 1
