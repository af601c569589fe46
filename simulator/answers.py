"""What goes back over the wire: status, headers, body, and how badly the transport behaves while carrying it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON, HTML = "application/json", "text/html; charset=UTF-8"

# The admin single-page app answers every address that it does not know, with 200.
SHELL = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Trafft</title>'
    b'<script type="module" src="/assets/app.js"></script></head><body><div id="app"></div></body></html>'
)


@dataclass(frozen=True)
class Answer:
    """What the simulator answers, and how slowly."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before the first byte
    dribble: float = 0.0  # seconds that the body takes, in small pieces
    reset: bool = False  # the connection is torn down instead of an answer
    cut: bool = False  # the connection ends in the middle of the body


def reply(value: Any, status: int = 200) -> Answer:
    """Answer a value as JSON."""
    return Answer(status, orjson.dumps(value), JSON)


def shell() -> Answer:
    """Answer 200 with the admin page's HTML, as Trafft does for every path that it does not know."""
    return Answer(200, SHELL, HTML)


def no_content() -> Answer:
    """Answer 204 without a body."""
    return Answer(204)


def not_found() -> Answer:
    """Answer 404."""
    return reply({"message": "Not found"}, 404)


def feature_off(status: int = 403) -> Answer:
    """Answer that the account's plan lacks a feature: 403, or 404 or 405 as some accounts do."""
    messages = {403: "Feature is not enabled", 404: "Not found", 405: "Method Not Allowed"}
    return reply({"message": messages[status]}, status)


def not_allowed(methods: str) -> Answer:
    """Answer 405; `methods` are those that the path allows."""
    answer = reply({"message": "Method Not Allowed"}, 405)
    return Answer(405, answer.body, JSON, {"Allow": methods})


def invalid(**errors: str) -> Answer:
    """Answer 422, with a message for each field."""
    return reply({"message": "Validation failed", "errors": {name: [text] for name, text in errors.items()}}, 422)


def server_error() -> Answer:
    """Answer 500."""
    return reply({"message": "Server Error"}, 500)


def bad_client() -> Answer:
    """Answer 401 to a client id or secret that is wrong."""
    text = "Client authentication failed"
    return reply({"error": "invalid_client", "error_description": text, "message": text}, 401)


def bad_grant() -> Answer:
    """Answer 400 to any grant but client_credentials."""
    text = "The authorization grant type is not supported by the authorization server."
    hint = "Check that all required parameters have been provided"
    body = {"error": "unsupported_grant_type", "error_description": text, "hint": hint, "message": text}
    return reply(body, 400)


def access_denied() -> Answer:
    """Answer 401 to a bearer token that is missing, unknown or expired."""
    text = "The resource owner or authorization server denied the request."
    body = {"error": "access_denied", "error_description": text, "hint": "Access token is invalid", "message": text}
    return reply(body, 401)
