"""Makes whatever a webhook's body decoded to fit to be stored: text that PostgreSQL can hold, depth that ends."""

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

import orjson

DEEPEST = 16
"""Levels of lists and objects; Trafft's own bodies have one or two."""

SECRET_FIELDS = frozenset({"verificationtoken", "verification_token"})
"""Some accounts send the token in the body as well; it is no part of what happened."""

_INDEXED = re.compile(r"^(\w+)\[")


def clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields without the token and without what JSON in PostgreSQL cannot hold; raises nothing.

    NUL goes, a lone surrogate becomes a question mark, numbers past 64 bits and those that are none become text, and
    what lies deeper than `DEEPEST` levels is left out.
    """
    return {
        key: _clean(value, 1)
        for name, value in fields.items()
        if (key := _text(str(name))).lower() not in SECRET_FIELDS
    }


def event_key(integration_id: str, event: str, fields: Mapping[str, Any]) -> str:
    """Return what makes two deliveries one event: the SHA-256 of shop, event and clean fields in sorted order."""
    body = orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(b"|".join([integration_id.encode(), event.encode(), body])).hexdigest()


def flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the record itself: those in `data`, where a relay has wrapped them, over the others."""
    inner = fields.get("data")
    return {**fields, **inner} if isinstance(inner, Mapping) else dict(fields)


def gathered(fields: Mapping[str, Any], name: str) -> Any:
    """Return a list or object however the body spelled it: as such, as JSON text, or as `name[0][label]` keys.

    Text that is no JSON stays text; None when there is nothing.
    """
    indexed = {key: value for key, value in fields.items() if (found := _INDEXED.match(key)) and found[1] == name}
    value = indexed or fields.get(name)
    if isinstance(value, str):
        value = value.strip()
        if value[:1] in ("[", "{"):
            try:
                return _clean(orjson.loads(value), 1)
            except orjson.JSONDecodeError:
                return value
    return None if value in ("", "-", [], {}) else value


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else f"a number of {value.bit_length()} bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth >= DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {_text(str(key)): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, depth + 1) for item in value]
    return _text(str(value))


def _text(value: str) -> str:
    return value.replace("\x00", "").encode("utf-8", "replace").decode()
