"""The one database of an installation: DATABASE_URL, or the embedded server under the home."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cli.home import Home
from ingestion.settings import Settings


@dataclass(frozen=True)
class Database:
    """A database that answers."""

    url: str
    check: Callable[[], None] = lambda: None
    """Raises when the embedded server has ended though we use it; another server is not ours to watch."""

    def __repr__(self) -> str:
        return "Database(***)"


@contextmanager
def database(settings: Settings, home: Home) -> Iterator[Database]:
    """Yield the database that DATABASE_URL names; without one join the embedded server, started when nobody uses it."""
    if settings.database_url is not None:
        yield Database(settings.database_url.reveal())
        return
    from cli.embedded_postgres import embedded_postgres

    with embedded_postgres(home.root) as server:
        yield Database(server.url, server.check)
