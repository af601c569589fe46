"""The only reader of the environment: names, defaults and checks of every setting."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ingestion.secrets import Secret


def _to_secret(value: Any) -> Any:
    if value in (None, ""):
        return None
    return Secret(value) if isinstance(value, str) else value


OptionalSecret = Annotated[Secret | None, BeforeValidator(_to_secret)]


class Settings(BaseSettings):
    """What an installation decides; a shop's own credentials are never settings (they live sealed in `integrations`).

    Values come from the environment, or from a `.env` file in the working directory.
    Raises `pydantic.ValidationError` with one message per wrong field.
    """

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    database_url: OptionalSecret = None
    """PostgreSQL 15.14 or newer; empty: the embedded server under `sixfb_home`."""
    encryption_key: OptionalSecret = None
    """Key ring `kid:base64key[,kid:base64key…]`, first is current; empty: a key file under `sixfb_home`."""
    sixfb_home: Path = Path(".sixfb")
    """Where all state lives: embedded database, dlt's working folders, Dagster's home, logs."""
    requests_per_second: float = Field(default=50, gt=0)
    """Of all shops of one process together, over the limit of each: they share the address that we call from."""
    allow_loopback: bool = False
    """Permit plain http to this machine's loopback addresses; only the demo and the tests want it."""

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: Secret | None) -> Secret | None:
        if value is not None and not value.reveal().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql:// (PostgreSQL 15.14 or newer is the only store)")
        return value


@cache
def get_settings() -> Settings:
    """Return the settings of this process, read once at the first call."""
    return Settings()
