"""What goes where: documents for programs on standard output, everything for people's eyes on standard error."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import click


def emit(document: Mapping[str, Any] | Sequence[Any], *, indent: int | None = 2) -> None:
    """Write one JSON document to standard output; without an indent it is one line."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=indent, default=_plain))


def say(text: str) -> None:
    """Write a line for a person."""
    click.echo(text, err=True)


def _plain(value: object) -> str:
    if isinstance(value, Decimal | UUID):
        return str(value)
    isoformat = getattr(value, "isoformat", None)
    if isoformat is None:
        raise TypeError(f"{type(value).__name__} has no place in a JSON document of ours")
    return str(isoformat())
