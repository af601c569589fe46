"""The ways in which a request gets no usable answer; each booking system turns them into its own typed errors."""

from enum import Enum

import httpx

_DETAIL_LENGTH = 200


class Trouble(Enum):
    """What kept a request from getting an answer, in the words that begin its message."""

    TIMEOUT = "no answer in time"
    CONNECTION = "the connection failed"
    BROKEN_BODY = "the answer broke off or cannot be decompressed"
    TOO_LARGE = "the answer is too large"
    REDIRECT = "the server answered with a redirect"
    INSECURE = "the address is not allowed"


class TransportError(Exception):
    """A request that got no usable answer. `where` is its method and path; nothing else of the request is carried."""

    def __init__(self, trouble: Trouble, detail: str = "", *, where: str = "") -> None:
        super().__init__(trouble, detail)
        self.trouble = trouble
        self.detail = detail
        self.where = where

    def __str__(self) -> str:
        return f"{self.trouble.value} ({self.detail})" if self.detail else self.trouble.value


def place_of(request: httpx.Request) -> str:
    """Return method and path of a request, which is as much as a message may tell of it."""
    return f"{request.method} {request.url.path}"


def printable(text: str) -> str:
    """Return foreign text on one short line that no terminal or log viewer can be tricked with."""
    cleaned = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * _DETAIL_LENGTH])
    return " ".join(cleaned.split())[:_DETAIL_LENGTH]
