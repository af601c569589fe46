"""The environment given to child processes: the only way settings and secrets reach them, never their arguments."""

import os
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode

from cli.home import Home
from ingestion.control.database import split_url
from ingestion.secrets import Secret

DAGSTER_SCHEMA = "dagster"


def inherited() -> Mapping[str, str]:
    """Return this process's own environment, to be handed on."""
    return os.environ  # noqa: TID251 -- handed on whole; no setting is read from it here


def child_environment(home: Home, url: str, keys: Secret, *, allow_loopback: bool) -> dict[str, str]:
    """Return what Dagster, dbt and our own child processes need to find everything."""
    parts = split_url(url)
    return {
        **inherited(),
        "SIXFB_HOME": str(home.root),
        "DATABASE_URL": url,
        "ENCRYPTION_KEY": keys.reveal(),
        "ALLOW_LOOPBACK": "true" if allow_loopback else "false",
        "SIXFB_DB_HOST": parts.host,
        "SIXFB_DB_PORT": str(parts.port),
        "SIXFB_DB_USER": parts.user,
        "SIXFB_DB_PASSWORD": parts.password.reveal(),
        "SIXFB_DB_NAME": parts.dbname,
        "SIXFB_DAGSTER_POSTGRES_URL": dagster_url(url),
        "DAGSTER_HOME": str(home.dagster),
        "DBT_TARGET_PATH": str(home.dbt / "target"),
        "DBT_LOG_PATH": str(home.dbt / "logs"),
        "PYTHONUNBUFFERED": "1",
        **_NO_TELEMETRY,
    }


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a process gets that is no part of the installation: neither the key ring nor the database."""
    return {
        name: value
        for name, value in environment.items()
        if name not in _SECRETS and not name.startswith(("SIXFB_DB_", "SIXFB_CLIENT_"))
    }


_SECRETS = frozenset({"ENCRYPTION_KEY", "DATABASE_URL", "SIXFB_DAGSTER_POSTGRES_URL"})
_NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def dagster_url(url: str) -> str:
    """Return the URL for Dagster's own storage: the same database, everything in a schema of its own."""
    base, _, query = url.partition("?")
    parameters = dict(parse_qsl(query))
    parameters["options"] = f"{parameters.get('options', '')} -csearch_path={DAGSTER_SCHEMA}".strip()
    return f"{base}?{urlencode(parameters, quote_via=quote)}"
