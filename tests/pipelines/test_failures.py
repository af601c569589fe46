"""From ingestion's errors to Dagster's failure."""

import psycopg
import pytest
from dagster import TableMetadataValue

from ingestion.control.integrations import UnknownIntegration
from ingestion.control.vault import UnknownKey
from ingestion.trafft.errors import AuthenticationFailed, ServerError, Timeout, UnexpectedResponse
from pipelines.failures import as_failure, is_permanent


@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (AuthenticationFailed("401"), True),
        (UnexpectedResponse.html("GET /"), True),
        (UnknownIntegration("x"), True),
        (UnknownKey("k2"), True),
        (Timeout("no answer in 30 s"), False),
        (ServerError("502"), False),
        (psycopg.OperationalError("the connection is lost"), False),
        (ValueError("a mistake of ours"), False),
    ],
)
def test_an_error_is_permanent_when_somebody_must_act_first(error: Exception, permanent: bool) -> None:
    assert is_permanent(error) is permanent


def test_the_failure_names_each_shop_its_error_and_what_to_do() -> None:
    failure = as_failure({"Fade & Co": AuthenticationFailed("401", "GET /api/v2/customers")}, of=3)
    assert failure.description is not None
    assert failure.description.startswith("1 of 3 shops failed. Fade & Co: AuthenticationFailed: 401")
    table = failure.metadata["failed_shops"]
    assert isinstance(table, TableMetadataValue)
    row = table.records[0].data
    assert (row["shop"], row["error"], row["permanent"]) == ("Fade & Co", "AuthenticationFailed", True)
    assert "Copy Client ID and Client Secret" in str(row["advice"])


def test_one_passing_error_among_permanent_ones_is_worth_another_try() -> None:
    permanent, passing = AuthenticationFailed("401"), Timeout("slow")
    assert not as_failure({"a": permanent}, of=1).allow_retries
    assert as_failure({"a": permanent, "b": passing}, of=2).allow_retries


def test_an_error_without_advice_points_to_the_log() -> None:
    table = as_failure({"a": ValueError("?")}, of=1).metadata["failed_shops"]
    assert isinstance(table, TableMetadataValue)
    assert table.records[0].data["advice"] == "The step's log holds the whole error."
