"""Reads the bodies of Trafft's answers: JSON, the web application's page instead of it, and what an error says."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote_plus

import orjson

from ingestion.http.trouble import printable
from ingestion.secrets import Secret
from ingestion.trafft.errors import BrokenAnswer, UnexpectedResponse

_MESSAGE_KEYS = ("message", "error_description", "error", "detail", "title")
_BLANKS = b"\xef\xbb\xbf \t\r\n"
"""What may stand before a page's first tag: a byte-order mark and white space."""
_SHORT = 8
"""Secrets shorter than this are not blanked out (too much else would be): the whole text is dropped."""


def require_json(body: bytes, where: str) -> Any:
    """Return the decoded body. Raises `UnexpectedResponse` for a web page, `BrokenAnswer` for anything else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if body.lstrip(_BLANKS)[:1] == b"<":
            raise UnexpectedResponse.html(where) from None
    try:
        # Python's own reader takes what orjson refuses: a lone surrogate in one name would cost the whole page.
        return json.loads(body)
    except (ValueError, RecursionError):
        raise BrokenAnswer("The answer is no complete JSON", where) from None


def message_of(body: bytes, secrets: Iterable[Secret]) -> str:
    """Return what an error answer says for itself, on one short line, with nothing in it that we keep secret."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    texts = [said.get(key) for key in _MESSAGE_KEYS] if isinstance(said, dict) else []
    text = next((text for text in texts if isinstance(text, str) and text), "")
    for secret in secrets:
        for hidden in (secret.reveal(), quote_plus(secret.reveal())):
            if hidden in text and len(hidden) < _SHORT:
                return ""
            text = text.replace(hidden, "***")
    return printable(text)
