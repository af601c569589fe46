"""Pools of invented people's and shops' names. Accents, apostrophes and other scripts are among them on purpose."""

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any

import orjson


def first_names(pool: str) -> tuple[str, ...]:
    """Return a pool's first names."""
    return tuple(_pools()["first"][pool])


def last_names(pool: str) -> tuple[str, ...]:
    """Return a pool's last names."""
    return tuple(_pools()["last"][pool])


def shop_names() -> tuple[str, ...]:
    """Return the names that shops are given."""
    return tuple(_pools()["shops"])


def plain(name: str) -> str:
    """The part of a name that can stand in an e-mail address."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in ascii_only.lower() if letter.isalnum()) or "client"


@cache
def _pools() -> dict[str, Any]:
    pools: dict[str, Any] = orjson.loads(files("simulator").joinpath("names.json").read_bytes())
    return pools
