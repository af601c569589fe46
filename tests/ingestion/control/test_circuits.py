"""When a shop's account is left alone, for how long, and how it comes back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest

from ingestion.control.circuits import (
    OWNER_WAITS,
    WAITS,
    Blame,
    Circuit,
    CircuitOpen,
    after_failure,
    blame_of,
    circuit_of,
    note_failure,
    note_success,
    open_until,
    require_closed,
)
from ingestion.control.database import connect
from ingestion.control.integrations import NotConnected, disconnect, get_integration
from ingestion.control.locks import AlreadyRunning
from ingestion.control.records import Integration
from ingestion.trafft.errors import (
    AuthenticationFailed,
    ConnectionLost,
    FeatureNotEnabled,
    RateLimited,
    ServerError,
    Timeout,
    UnexpectedResponse,
    ValidationFailed,
)
from tests.ingestion.control.shops import connected

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
DOWN = ServerError("Trafft answered 503", "GET /appointments")
REFUSED = AuthenticationFailed("Trafft does not accept the Client ID and Client Secret", "POST /token")


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """Yield an autocommit session, as a sync uses it."""
    with connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def integration(connection: psycopg.Connection) -> Integration:
    """Return a connected shop."""
    return connected(connection)


def longest(low: float, high: float) -> float:
    """Draw the most."""
    return high


def shortest(low: float, high: float) -> float:
    """Draw the least."""
    return low


def failing(error: Exception, times: int, circuit: Circuit = Circuit(), now: datetime = NOW) -> list[Circuit]:  # noqa: B008
    """Fail so many times, each as soon as a sync is let through, and return the circuit after each."""
    history = []
    for _ in range(times):
        circuit = after_failure(circuit, error, now, longest)
        history.append(circuit)
        now = circuit.retry_at or now
    return history


@pytest.mark.parametrize(
    ("error", "blame"),
    [
        (DOWN, Blame.ACCOUNT),
        (Timeout("no answer"), Blame.ACCOUNT),
        (ConnectionLost("reset"), Blame.ACCOUNT),
        (RateLimited("429"), Blame.ACCOUNT),
        (UnexpectedResponse.html("GET /customers"), Blame.ACCOUNT),
        (REFUSED, Blame.OWNER),
        (FeatureNotEnabled("403"), Blame.OWNER),
        (ValidationFailed("400"), Blame.OURS),
        (AlreadyRunning("i", "another process"), Blame.OURS),
        (psycopg.OperationalError("the server is gone"), Blame.OURS),
        (KeyboardInterrupt(), Blame.OURS),
        (OSError(28, "No space left on device"), Blame.OURS),
    ],
)
def test_only_what_the_account_did_counts(error: BaseException, blame: Blame) -> None:
    assert blame_of(error) is blame


def test_two_failures_open_nothing_and_the_third_opens_it() -> None:
    first, second, third = failing(DOWN, 3)
    assert (first.retry_at, second.retry_at) == (None, None)
    assert third.retry_at == NOW + WAITS[0]
    assert third.is_open(NOW + WAITS[0] - timedelta(seconds=1))
    assert not third.is_open(NOW + WAITS[0])


def test_each_failure_of_a_sync_that_was_let_through_makes_the_next_wait_longer() -> None:
    opened = failing(DOWN, 8)[2:]
    moments = [NOW, *(one.retry_at for one in opened if one.retry_at)]
    waits = [after - before for before, after in pairwise(moments)]
    assert waits == [*WAITS, *[WAITS[-1]] * 3]
    assert {one.opened_at for one in opened} == {NOW}


def test_a_wait_is_drawn_from_the_second_half_of_its_step() -> None:
    almost = failing(DOWN, 2)[-1]
    assert after_failure(almost, DOWN, NOW, shortest).retry_at == NOW + WAITS[0] / 2
    assert after_failure(almost, DOWN, NOW, longest).retry_at == NOW + WAITS[0]


def test_refused_credentials_open_it_at_once_and_are_tried_rarely() -> None:
    opened = failing(REFUSED, 5)
    moments = [NOW, *(one.retry_at for one in opened if one.retry_at)]
    waits = [after - before for before, after in pairwise(moments)]
    assert waits == [*OWNER_WAITS, OWNER_WAITS[-1], OWNER_WAITS[-1]]
    assert all(one.needs_owner for one in opened)
    assert opened[0].advice == REFUSED.advice


def test_a_refusal_after_an_outage_begins_with_its_own_first_wait() -> None:
    down = failing(DOWN, 6)[-1]
    assert down.retry_at
    refused = after_failure(down, REFUSED, down.retry_at, longest)
    assert refused.retry_at == down.retry_at + OWNER_WAITS[0]
    assert refused.needs_owner


def test_a_forced_sync_that_fails_makes_the_pause_no_longer() -> None:
    opened = failing(DOWN, 3)[-1]
    again = after_failure(opened, Timeout("no answer"), NOW + timedelta(minutes=1), longest)
    assert (again.retry_at, again.times_opened, again.error_class) == (opened.retry_at, 1, "ServerError")
    assert again.failures == 4


def test_a_forced_sync_that_learns_of_a_refusal_says_so_at_once() -> None:
    opened = failing(DOWN, 3)[-1]
    refused = after_failure(opened, REFUSED, NOW + timedelta(minutes=1), longest)
    assert (refused.needs_owner, refused.error_class) == (True, "AuthenticationFailed")
    assert refused.retry_at == NOW + timedelta(minutes=1) + OWNER_WAITS[0]


@pytest.mark.sql
def test_a_shop_that_has_not_failed_may_be_synced(connection: psycopg.Connection, integration: Integration) -> None:
    require_closed(connection, integration)
    assert circuit_of(connection, integration.id) == Circuit()
    assert open_until(connection) == {}


@pytest.mark.sql
def test_an_open_circuit_refuses_until_its_moment_and_then_lets_one_through(
    connection: psycopg.Connection, integration: Integration
) -> None:
    for _ in range(3):
        note_failure(connection, integration, DOWN, now=NOW, uniform=longest)
    until = NOW + WAITS[0]
    with pytest.raises(CircuitOpen) as refusal:
        require_closed(connection, integration, now=until - timedelta(seconds=1))
    assert "3 syncs in a row failed" in str(refusal.value)
    assert "2026-11-22 14:35 UTC" in str(refusal.value)
    assert "ServerError: Trafft answered 503" in str(refusal.value)
    assert "sixfb sync" in refusal.value.advice
    assert refusal.value.retry_at == until
    require_closed(connection, integration, now=until)


@pytest.mark.sql
def test_a_person_may_insist(connection: psycopg.Connection, integration: Integration) -> None:
    note_failure(connection, integration, REFUSED, now=NOW)
    with pytest.raises(CircuitOpen):
        require_closed(connection, integration, now=NOW)
    require_closed(connection, integration, forced=True, now=NOW)


@pytest.mark.sql
def test_a_success_closes_it_and_counting_begins_anew(connection: psycopg.Connection, integration: Integration) -> None:
    for _ in range(3):
        note_failure(connection, integration, DOWN, now=NOW)
    note_success(connection, integration)
    require_closed(connection, integration, now=NOW)
    assert note_failure(connection, integration, DOWN, now=NOW).failures == 1


@pytest.mark.sql
def test_cadences_learn_which_shops_to_leave_alone(connection: psycopg.Connection, integration: Integration) -> None:
    other = connected(connection, "Fade Away")
    refused = note_failure(connection, other, REFUSED, now=NOW)
    note_failure(connection, integration, DOWN, now=NOW)
    assert refused.retry_at
    assert open_until(connection, NOW) == {other.id: refused.retry_at}
    assert open_until(connection, refused.retry_at) == {}


@pytest.mark.sql
def test_an_error_of_ours_leaves_the_circuit_as_it_is(connection: psycopg.Connection, integration: Integration) -> None:
    for error in (KeyError("oops"), NotConnected(integration), AlreadyRunning(integration.id, "another process")):
        note_failure(connection, integration, error, now=NOW)
    assert circuit_of(connection, integration.id) == Circuit()


@pytest.mark.sql
def test_the_owner_is_told_what_to_do_and_doing_it_lifts_the_pause(
    connection: psycopg.Connection, integration: Integration
) -> None:
    note_failure(connection, integration, REFUSED, now=NOW)
    with pytest.raises(CircuitOpen) as refusal:
        require_closed(connection, integration, now=NOW)
    assert refusal.value.needs_owner
    assert "Copy Client ID and Client Secret again" in refusal.value.advice
    connected(connection)
    require_closed(connection, get_integration(connection, integration.id), now=NOW)


@pytest.mark.sql
def test_a_refusal_of_credentials_that_were_replaced_meanwhile_counts_for_nothing(
    connection: psycopg.Connection, integration: Integration
) -> None:
    connected(connection)
    note_failure(connection, integration, REFUSED, now=NOW)
    assert open_until(connection, NOW) == {}


@pytest.mark.sql
def test_a_disconnected_shop_gets_no_circuit(connection: psycopg.Connection, integration: Integration) -> None:
    disconnect(connection, integration.id)
    note_failure(connection, integration, REFUSED, now=NOW)
    assert open_until(connection, NOW) == {}
