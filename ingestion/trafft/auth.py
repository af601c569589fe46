"""Signs requests to Trafft: exchanges client credentials for a token and keeps that until shortly before it ends."""

import math
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import httpx

from ingestion.http.pacing import Timing
from ingestion.http.retrying import retry_after
from ingestion.secrets import Secret
from ingestion.trafft.answers import message_of, require_json
from ingestion.trafft.errors import (
    API_CARD,
    AuthenticationFailed,
    TrafftError,
    UnexpectedResponse,
    error_of_status,
)

EARLY_SECONDS = 60
"""A token is renewed this long before its end, so that it does not run out on the way."""
LIFETIME_SECONDS = 45 * 60
"""For a token that does not say how long it lasts; Trafft's are known to last an hour."""
_TOKEN_KEYS = ("access_token", "token", "accessToken")


@dataclass(frozen=True)
class Credentials:
    """Client ID and Client Secret from Trafft's API card; exchanged for a token that lasts about an hour."""

    client_id: Secret
    client_secret: Secret


@dataclass(frozen=True)
class StaticToken:
    """A bearer token that is sent as it is, for accounts without a token exchange."""

    token: Secret


class StaticAuth(httpx.Auth):
    """Sends a fixed token."""

    def __init__(self, credentials: StaticToken) -> None:
        if not _can_be_sent(credentials.token.reveal()):
            raise AuthenticationFailed("The token holds characters that cannot be sent, such as spaces or line ends")
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _sign(request, self._credentials.token)
        yield request

    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be shown."""
        return (self._credentials.token,)


class ClientCredentialsAuth(httpx.Auth):
    """Exchanges the credentials for a token when there is none, renews it once on a 401, and never goes in circles.

    One exchange at a time: the lock is held while it is on the wire, so other threads wait for its token instead of
    asking for their own. (If the request fails, httpx closes the generator, and that frees the lock.)
    For synchronous clients only.
    """

    def __init__(self, credentials: Credentials, token_url: str, *, timing: Timing) -> None:
        self._credentials = credentials
        self._token_url = token_url
        self._timing = timing
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._valid_until = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = yield from self._current_token(request, refused=None)
        _sign(request, token)
        response = yield request
        if response.status_code == 401:
            token = yield from self._current_token(request, refused=token)
            _sign(request, token)
            yield request

    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be shown."""
        held = (self._credentials.client_id, self._credentials.client_secret, self._token)
        return tuple(secret for secret in held if secret)

    def _current_token(
        self, request: httpx.Request, *, refused: Secret | None
    ) -> Generator[httpx.Request, httpx.Response, Secret]:
        """Return a token that is still valid and is not the refused one; another thread may have fetched it."""
        with self._lock:
            is_valid = self._timing.monotonic() < self._valid_until
            if self._token is not None and is_valid and self._token != refused:
                return self._token
            self._token = None
            asked_at = self._timing.monotonic()
            response = yield self._exchange(request)
            response.read()
            self._token, lifetime = self._read(response)
            self._valid_until = asked_at + lifetime
            return self._token

    def _exchange(self, request: httpx.Request) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id.reveal(),
            "client_secret": self._credentials.client_secret.reveal(),
        }
        headers = {"Accept": "application/json"}
        # The extensions carry the time-outs; a request without them would wait for ever.
        return httpx.Request("POST", self._token_url, data=form, headers=headers, extensions=request.extensions)

    def _read(self, response: httpx.Response) -> tuple[Secret, float]:
        where = f"POST {httpx.URL(self._token_url).path}"
        if response.status_code not in (200, 201):
            raise self._refusal(response, where)
        answer = require_json(response.content, where)
        if not isinstance(answer, dict):
            raise UnexpectedResponse("The answer holds no token", where)
        token = next((answer[key] for key in _TOKEN_KEYS if answer.get(key)), None)
        if not isinstance(token, str) or not _can_be_sent(token):
            raise UnexpectedResponse("The answer holds no usable token", where)
        return Secret(token), _lifetime(answer.get("expires_in"))

    def _refusal(self, response: httpx.Response, where: str) -> TrafftError:
        status = response.status_code
        said = message_of(response.content, self.secrets())
        if status in (400, 401, 422):
            reason = f": {said}" if said else ""
            return AuthenticationFailed(f"Trafft does not accept the Client ID and Client Secret{reason}", where)
        if status in (404, 405):
            advice = f"Copy the API URL again from {API_CARD}."
            return UnexpectedResponse(f"Trafft answered {status}: here is no API", where, advice=advice)
        told = retry_after(response.headers, now=self._timing.now())
        return error_of_status(status, where, said=said, retry_after=told)


def auth_for(
    credentials: Credentials | StaticToken, token_url: str, *, timing: Timing
) -> ClientCredentialsAuth | StaticAuth:
    """Return the auth flow that fits the credentials."""
    if isinstance(credentials, StaticToken):
        return StaticAuth(credentials)
    return ClientCredentialsAuth(credentials, token_url, timing=timing)


def _sign(request: httpx.Request, token: Secret) -> None:
    request.headers["Authorization"] = f"Bearer {token.reveal()}"


def _can_be_sent(token: str) -> bool:
    """Whether a header can hold it; httpx's complaint about one that cannot would quote it."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _lifetime(expires_in: Any) -> float:
    """Return for how many seconds a token is used. One that lasts under two minutes is used for half its life."""
    try:
        seconds = float(expires_in)
    except (TypeError, ValueError):
        return LIFETIME_SECONDS
    if isinstance(expires_in, bool) or not math.isfinite(seconds) or seconds <= 0:
        return LIFETIME_SECONDS
    return seconds - min(EARLY_SECONDS, seconds / 2)
