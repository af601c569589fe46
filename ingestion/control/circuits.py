"""One circuit breaker a shop: an account that keeps failing is left alone, for longer and longer, and tried again.

No row: closed. `retry_at` ahead: open, and syncs are refused. `retry_at` past: half open, and the next sync is let
through; how it ends closes the circuit or opens it again for longer. All writing happens under the integration's
lock, so one sync decides at a time.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import Enum

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from ingestion.control.records import Integration
from ingestion.trafft import errors

FAILURES_TO_OPEN = 3
"""Syncs in a row; each has already made its own retries, so three are no hiccup."""
WAITS = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""The last one goes on. A shop in order is asked once an hour by its cadence: waiting longer than that for one that is
down would spare its account nothing, and would leave the shop without news for hours after its account is back."""
OWNER_WAITS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""Refused credentials stay refused until the owner acts, but Trafft's own sign-in can also fail for a moment: an hour
tells the two apart, and one refused token request a day is no burden afterwards."""
_LONGEST_MESSAGE = 2_000

Uniform = Callable[[float, float], float]


class Blame(Enum):
    """Whose a failure is."""

    ACCOUNT = "account"
    """The booking system, or the way to it: likely to pass."""
    OWNER = "owner"
    """The account refuses us until its owner changes something."""
    OURS = "ours"
    """Everything else; leaving the account alone would not help."""


_OWNER = (errors.AuthenticationFailed, errors.FeatureNotEnabled, errors.RedirectRefused)
_ACCOUNT = (
    errors.TransientError,
    errors.UnexpectedResponse,
    errors.NotFound,
    errors.ResponseTooLarge,
    errors.InsecureUrl,
)


@dataclass(frozen=True)
class Circuit:
    """How a shop's account has done lately. Moments are aware UTC; `opened_at` is when it opened first."""

    failures: int = 0
    times_opened: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    needs_owner: bool = False
    error_class: str | None = None
    message: str | None = None
    advice: str | None = None

    def is_open(self, now: datetime) -> bool:
        """Tell whether a sync would be refused now."""
        return self.retry_at is not None and now < self.retry_at

    @property
    def notice(self) -> str:
        """Return for people what the circuit does at the moment; empty while it is closed."""
        if self.retry_at is None:
            return ""
        who = "Somebody has to act" if self.needs_owner else f"{self.failures} syncs in a row failed"
        return f"{who}, so no sync asks this account again before {self.retry_at:%Y-%m-%d %H:%M} UTC."


class CircuitOpen(Exception):
    """The shop's account is being left alone. `retry_at` (aware UTC) is when a sync is let through again."""

    def __init__(self, integration: Integration, circuit: Circuit, retry_at: datetime) -> None:
        self.integration_id = integration.id
        self.retry_at = retry_at
        self.needs_owner = circuit.needs_owner
        again = f"To try at once, ask for it by hand: `sixfb sync {integration.id[:8]}`."
        self.advice = (
            f"{circuit.advice} Connecting the shop again lifts the pause."
            if circuit.needs_owner
            else f"Nothing to do: it resumes by itself. {again}"
        )
        super().__init__(
            f"{integration.name} was not synced. {circuit.notice} The last error was "
            f"{circuit.error_class}: {circuit.message}"
        )


def blame_of(error: BaseException) -> Blame:
    """Say whose failure an error of a sync is."""
    if isinstance(error, _OWNER):
        return Blame.OWNER
    return Blame.ACCOUNT if isinstance(error, _ACCOUNT) else Blame.OURS


def after_failure(circuit: Circuit, error: BaseException, now: datetime, uniform: Uniform = random.uniform) -> Circuit:
    """Return the circuit after a sync that failed with an error that is not ours.

    The wait is drawn from the second half of its step, so that shops that went down together do not come back in
    step, and a shop that is tried every hour is not missed by a minute. A sync that was forced through an open circuit
    and failed lengthens nothing: an impatient person must not make the pause longer.
    """
    by_owner = blame_of(error) is Blame.OWNER
    failed = replace(circuit, failures=circuit.failures + 1)
    if circuit.is_open(now) and (circuit.needs_owner or not by_owner):
        return failed
    failed = replace(
        failed,
        # How often it opened counts for one kind of failure only: the steps of the other begin at their beginning.
        times_opened=circuit.times_opened if by_owner == circuit.needs_owner else 0,
        error_class=type(error).__name__,
        message=str(error)[:_LONGEST_MESSAGE],
        advice=getattr(error, "advice", "") or None,
    )
    if not by_owner and circuit.retry_at is None and failed.failures < FAILURES_TO_OPEN:
        return failed
    steps = OWNER_WAITS if by_owner else WAITS
    step = steps[min(failed.times_opened, len(steps) - 1)].total_seconds()
    return replace(
        failed,
        times_opened=failed.times_opened + 1,
        opened_at=circuit.opened_at or now,
        retry_at=now + timedelta(seconds=uniform(step / 2, step)),
        needs_owner=by_owner,
    )


_COLUMNS = tuple(field.name for field in fields(Circuit))
_LIST = SQL(", ").join(map(Identifier, _COLUMNS))
_READ = SQL("select {} from control.circuits where integration_id = %s").format(_LIST)
_WRITE = SQL(
    "insert into control.circuits (integration_id, barbershop_id, {columns}) values (%s, %s, {values})"
    " on conflict (integration_id) do update set {updates}, updated_at = now()"
).format(
    columns=_LIST,
    values=SQL(", ").join(SQL("%s") for _ in _COLUMNS),
    updates=SQL(", ").join(SQL("{0} = excluded.{0}").format(Identifier(name)) for name in _COLUMNS),
)


def circuit_of(connection: Connection, integration_id: str) -> Circuit:
    """Return the shop's circuit; one that is closed, for a shop that has not failed."""
    with connection.cursor(row_factory=class_row(Circuit)) as cursor:
        return cursor.execute(_READ, (integration_id,)).fetchone() or Circuit()


def open_until(connection: Connection, now: datetime | None = None) -> Mapping[str, datetime]:
    """Return the shops that are being left alone now: integration id → when a sync is let through again, aware UTC."""
    return dict(
        connection.execute(
            "select integration_id, retry_at from control.circuits where retry_at > %s", (now or datetime.now(UTC),)
        ).fetchall()
    )


def require_closed(
    connection: Connection, integration: Integration, *, forced: bool = False, now: datetime | None = None
) -> None:
    """Raise `CircuitOpen` while the account is being left alone, unless a person insists (`forced`)."""
    circuit = circuit_of(connection, integration.id)
    if not forced and circuit.retry_at and circuit.is_open(now or datetime.now(UTC)):
        raise CircuitOpen(integration, circuit, circuit.retry_at)


def note_failure(
    connection: Connection,
    integration: Integration,
    error: BaseException,
    *,
    now: datetime | None = None,
    uniform: Uniform = random.uniform,
) -> Circuit:
    """Count a failed sync, and return the circuit as it is now. An error of ours changes nothing.

    `integration` is as the sync found it at its start: a failure with credentials that were replaced since, or of a
    shop that was disconnected, says nothing about the account as it is connected now.
    """
    circuit = circuit_of(connection, integration.id)
    if blame_of(error) is Blame.OURS or not _is_still_connected(connection, integration):
        return circuit
    circuit = after_failure(circuit, error, now or datetime.now(UTC), uniform)
    values = [getattr(circuit, name) for name in _COLUMNS]
    connection.execute(_WRITE, (integration.id, integration.barbershop_id, *values))
    return circuit


def note_success(connection: Connection, integration: Integration) -> None:
    """Close the circuit: the account has answered a whole sync."""
    reset(connection, integration.id)


def reset(connection: Connection, integration_id: str) -> None:
    """Forget how the account did, as when it is connected again."""
    connection.execute("delete from control.circuits where integration_id = %s", (integration_id,))


def _is_still_connected(connection: Connection, integration: Integration) -> bool:
    found = connection.execute(
        "select 1 from control.integrations"
        " where id = %s and status <> 'disconnected' and authenticated_at is not distinct from %s",
        (integration.id, integration.authenticated_at),
    ).fetchone()
    return found is not None
