"""The second seam: checks a mart as its readers see it."""

from dagster import AssetCheckKey, AssetCheckResult
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from ingestion.control.database import sqlalchemy_url
from pipelines.quality.results import as_check_result
from pipelines.quality.runner import validate
from pipelines.quality.suites import load_suite


def check_mart(connection: Connection, check: AssetCheckKey, *, url: str) -> AssetCheckResult:
    """Check every row of the check's table: a correction of the past can spoil any of them."""
    schema, table = check.asset_key.path
    relation = Identifier(schema, table)
    count = connection.execute(SQL("select count(*) from {}").format(relation)).fetchone()
    verdict = validate(load_suite(f"{schema}_{table}"), relation.as_string(connection), url=sqlalchemy_url(url))
    return as_check_result(verdict, check, rows=int(count[0]) if count else 0, metadata={})
