"""The false Trafft itself: one callable for httpx, one origin for many shops, told apart by their tokens."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from simulator import answers
from simulator.answers import Answer
from simulator.call import Call, whole_number
from simulator.clock import Clock
from simulator.faults import Fault, Faults, retry_after
from simulator.modes import Modes
from simulator.routes import methods_at
from simulator.shop import Shop
from simulator.throttle import Throttle
from simulator.tokens import Tokens
from simulator.wire import to_httpx

API_PATH = "/api/v2"
_REQUESTS_KEPT = 10_000


@dataclass(frozen=True)
class Request:
    """As much of a request as the answer depends on."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] | None = None  # lower-case names
    body: bytes = b""


@dataclass(frozen=True)
class SeenRequest:
    """One line of the log; no headers and no bodies, so no secrets."""

    method: str
    path: str
    query: str
    moment: datetime
    status: int


class Simulator:
    """`httpx.Client(transport=httpx.MockTransport(Simulator([shop], clock=clock)))`, or over a socket with
    `simulator.asgi.app`."""

    def __init__(self, shops: Iterable[Shop], *, clock: Clock) -> None:
        self.clock = clock
        self.shops = {shop.client_id: shop for shop in shops}
        self.requests: deque[SeenRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._tokens = Tokens(clock, self.shops)
        self._faults = Faults()
        self._throttle = Throttle(clock)
        self._page_hooks: list[tuple[str, Callable[[int], None]]] = []
        self._lock = threading.Lock()
        self._pages_read: Counter[str] = Counter()
        self._serial = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer an httpx request: the simulator as a transport within the process."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.answer(Request(request.method, path, query, headers, request.read()))
        return to_httpx(answer, request)

    def fail_next(self, resource: str, *, times: int = 1, after_pages: int = 0, **fault: Any) -> None:
        """The next `times` requests for the resource go wrong, once `after_pages` of them have passed.

        `resource` is a path's first word, "token", or "*". The rest are fields of `simulator.faults.Fault`: status,
        retry_after, slow, dribble, truncated, cut, reset, html, empty, vanished, body, headers, client_id.
        """
        self._faults.add(Fault(resource, **fault), times=times, after=after_pages)

    def clear_faults(self) -> None:
        """Forget the faults that have not happened yet."""
        self._faults.clear()

    def revoke_tokens(self, shop: Shop | None = None) -> None:
        """Every token given out so far, to one shop or to all, is worthless from now on."""
        self._tokens.revoke([shop] if shop else self.shops.values())

    def after_each_page(self, resource: str, action: Callable[[int], None]) -> None:
        """Call `action(pages answered so far)` after each page of the resource: the place to move rows while a client
        is paging."""
        self._page_hooks.append((resource, action))

    def answer(self, request: Request) -> Answer:
        """Answer one request and remember it in `requests`."""
        answer = self._answer(request)
        now = self.clock.now()
        headers = {"Date": format_datetime(now, usegmt=True), **answer.headers}
        with self._lock:
            self.requests.append(SeenRequest(request.method, request.path, request.query, now, answer.status))
        return replace(answer, headers=headers)

    def _answer(self, request: Request) -> Answer:
        inside, segments = _segments(request.path)
        if not inside:
            return answers.shell()
        resource = segments[0]
        shop = self._tokens.shop_of_token(_bearer(request.headers or {}))
        modes = shop.modes if shop else Modes()
        fault = self._faults.next_for(resource, shop.client_id if shop else None)
        if fault is not None and fault.status is not None:
            return fault.apply(answers.no_content(), modes, self.clock.now())
        answer = self._token(request) if segments == ["token"] else self._dispatch(request, segments, shop)
        return answer if fault is None else fault.apply(answer, modes, self.clock.now())

    def _dispatch(self, request: Request, segments: list[str], shop: Shop | None) -> Answer:
        methods = methods_at(segments)
        if methods is None:
            return answers.not_found() if shop else answers.access_denied()
        if request.method not in methods:
            return answers.not_allowed(", ".join(sorted(methods)))
        if shop is None:
            return answers.access_denied()
        refusal = self._refusal(shop)
        if refusal is not None:
            return refusal
        with self._lock:
            self._serial += 1
        call = Call(
            shop=shop,
            state=shop.state(),
            method=request.method,
            resource=segments[0],
            record_id=whole_number(segments[1]) if len(segments) > 1 else None,
            query=dict(parse_qsl(request.query)),
            body=request.body,
            serial=self._serial,
        )
        answer = methods[request.method](call)
        if shop.modes.request_ids == "present":
            answer = replace(answer, headers={**answer.headers, "X-Request-Id": f"req-{self._serial:08d}"})
        if request.method == "GET" and len(segments) == 1 and answer.status == 200:
            self._page_was_read(shop, segments[0])
        return answer

    def _refusal(self, shop: Shop) -> Answer | None:
        if shop.modes.plan == "without_api":
            return answers.feature_off()
        per_minute = shop.modes.requests_per_minute
        wait = 0 if per_minute is None else self._throttle.wait(shop.client_id, per_minute)
        if wait:
            answer = answers.reply({"message": "Too Many Attempts."}, 429)
            return replace(answer, headers=retry_after(wait, shop.modes, self.clock.now()))
        return None

    def _page_was_read(self, shop: Shop, resource: str) -> None:
        with self._lock:
            self._pages_read[resource] += 1
        if shop.modes.seconds_per_page:
            self.clock.advance(timedelta(seconds=shop.modes.seconds_per_page))
        for wanted, action in self._page_hooks:
            if wanted == resource:
                action(self._pages_read[resource])

    def _token(self, request: Request) -> Answer:
        if request.method != "POST":
            return answers.not_allowed("POST")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            return answers.bad_grant()
        shop = self._tokens.shop_of_client(form.get("client_id", ""), form.get("client_secret", ""))
        if shop is None:
            return answers.bad_client()
        lifetime = {"token_type": "Bearer", "expires_in": shop.modes.token_seconds}
        return answers.reply({**lifetime, shop.modes.token_key: self._tokens.issue(shop)})

    def __repr__(self) -> str:
        return f"Simulator({len(self.shops)} shops, {len(self.requests)} requests seen, {self.clock!r})"


def _segments(path: str) -> tuple[bool, list[str]]:
    """Whether the path lies below the API path, and its words from there on."""
    if not path.startswith(f"{API_PATH}/"):
        return False, []
    segments = [word for word in path.removeprefix(API_PATH).split("/") if word]
    return bool(segments), segments


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
