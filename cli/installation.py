"""One installation as every command sees it: its settings, its home, its database, its keys."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from cli.database import Database, database
from cli.home import Home
from ingestion.secrets import Secret
from ingestion.settings import Settings, get_settings


@dataclass(frozen=True)
class Installation:
    """What the environment and SIXFB_HOME decide together."""

    settings: Settings
    home: Home

    @classmethod
    def open(cls) -> "Installation":
        """Read the settings and open the home, creating it at the first use."""
        settings = get_settings()
        return cls(settings, Home.at(settings.sixfb_home))

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded server under the home."""
        return self.settings.database_url is None

    @property
    def has_database(self) -> bool:
        """Whether there is a database already; asking this starts and creates nothing."""
        return not self.embedded or self.home.postgres_data.exists()

    def database(self) -> AbstractContextManager[Database]:
        """Open the database for as long as the context lasts."""
        return database(self.settings, self.home)

    def key_ring(self) -> Secret:
        """Return the ring that seals the shops' credentials, made at the first use unless ENCRYPTION_KEY gives one."""
        if self.settings.encryption_key is not None:
            return self.settings.encryption_key
        from cli.key_ring import load_or_create_key_ring

        return load_or_create_key_ring(self.home.root)
