"""Reads one shop's lists into batches for the version log, and settles afterwards what the reading has shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from psycopg import Connection

from ingestion.capabilities import CAPABILITIES, changes, is_due
from ingestion.control import held_deletions, integrations, sweep_misses, sync_operations, webhook_appointments
from ingestion.control.certificates import Certificate, store
from ingestion.control.records import Integration, SyncOperation
from ingestion.currencies import minor_digits
from ingestion.raw import VersionLog
from ingestion.reading import Aim, BookingReader, Evidence
from ingestion.records import Resource, ShopContext
from ingestion.references import CustomerReferences
from ingestion.shapes import SHAPES, drift
from ingestion.sweep import ResourceSweep
from ingestion.systems import BookingSystem
from ingestion.versions import Batch, Counts, Observer, Stamp
from ingestion.webhook_sync import APPOINTMENTS, CUSTOMERS, settle_events, told_customers, witness_batches

SETTLED_AFTER = timedelta(hours=2)
"""A record may show in the list this long after the moment it says it was booked; found later still, it was missed."""


@dataclass(frozen=True)
class ResourceCounts:
    """What one sync did to one resource, in records; `complete` says whether the list was proven to be read whole.

    `missing` are known records that a complete sweep did not show, `held` those of them kept aside for a person,
    `repaired` those it showed that earlier syncs should have found.
    """

    seen: int
    new: int
    changed: int
    gone: int
    quarantined: int
    complete: bool
    note: str | None = None
    missing: int = 0
    held: int = 0
    repaired: int = 0


class ShopReading:
    """One shop's part of a sync: iterate `batches` to the end, load them, then `settle`.

    `connection` serves the control record, `log` the version log; neither may be shared with another thread.
    """

    def __init__(
        self,
        connection: Connection,
        system: BookingSystem,
        integration: Integration,
        operation: SyncOperation,
        aim: Aim,
        *,
        log: VersionLog,
        on_progress: Callable[[str, Counts], None],
    ) -> None:
        self._connection = connection
        self._system = system
        self._integration = integration
        self._operation = operation
        self._aim = aim
        self._log = log
        self._on_progress = on_progress
        self._sweeps: list[ResourceSweep] = []
        self._references = CustomerReferences(log)
        self._since: dict[str, datetime | None] = {}
        self._probe_note: str | None = None

    def batches(self, reader: BookingReader) -> Iterator[Batch]:
        """Yield the rows that this shop adds to the log; raises the booking system's typed errors."""
        names = self._aim.lists([resource.name for resource in self._system.resources])
        if APPOINTMENTS in names:
            yield from witness_batches(self._connection, self._integration, self._operation, self._log)
        if self._aim.sync_type == "webhook":
            self._follow_webhooks()
        self._sweeps = [self._sweep(reader, name) for name in names]
        for sweep in self._sweeps:
            for batch in sweep.batches():
                if not self._aim.is_sweep:
                    self._references.note(batch)
                yield batch
        if self._aim.sync_type == "full" and is_due(self._integration.feature_flags, datetime.now(UTC)):
            self._probe(reader)

    @property
    def counts(self) -> Mapping[str, Counts]:
        """Resource → what was seen so far, in records."""
        return {sweep.name: sweep.counts for sweep in self._sweeps}

    def settle(self) -> Mapping[str, ResourceCounts]:
        """Keep what the reading missed and proved; only now, when its rows are safely loaded."""
        counts = {sweep.name: self._settle(sweep) for sweep in self._sweeps}
        outcomes = {sweep.name: sweep.outcome for sweep in self._sweeps if sweep.outcome}
        if APPOINTMENTS in outcomes or CUSTOMERS in outcomes:
            settle_events(
                self._connection,
                self._operation,
                seen={name: outcome.seen_ids for name, outcome in outcomes.items()},
                swept=[name for name, outcome in outcomes.items() if outcome.is_sweep and outcome.is_complete],
            )
        return counts

    def _follow_webhooks(self) -> None:
        """Aim at what pending events speak of, unless the caller has said what to look for."""
        wanted = self._aim.wanted or webhook_appointments.wanted(self._connection, self._integration.id)
        self._aim = replace(self._aim, wanted=wanted)
        self._references.add(told_customers(self._connection, self._operation))

    def _settle(self, sweep: ResourceSweep) -> ResourceCounts:
        self._keep_missing(sweep)
        repaired = self._repaired(sweep)
        self._certify(sweep, repaired)
        notes = [sweep.notes, self._drift(sweep), self._probe_note if sweep is self._sweeps[0] else None]
        return ResourceCounts(
            **asdict(sweep.counts),
            complete=bool(sweep.outcome and sweep.outcome.is_complete),
            note="; ".join(note for note in notes if note) or None,
            missing=sweep.verdict.missing if sweep.verdict else 0,
            held=len(sweep.verdict.held) if sweep.verdict else 0,
            repaired=repaired,
        )

    def _keep_missing(self, sweep: ResourceSweep) -> None:
        """Remember the misses for the next complete sweep, and put aside what nobody may believe yet."""
        integration, verdict = self._integration, sweep.verdict
        if verdict and verdict.missed is not None:
            sweep_misses.replace(self._connection, integration, sweep.name, verdict.missed, operation=self._operation)
            held_deletions.supersede(self._connection, integration.id, sweep.name)
        elif sweep.outcome:
            sweep_misses.forget(self._connection, integration.id, sweep.name, sweep.outcome.seen_ids)
            held_deletions.forget_seen(self._connection, integration.id, sweep.name, sweep.outcome.seen_ids)
        if verdict and verdict.held:
            held_deletions.hold(
                self._connection,
                integration,
                sweep.name,
                verdict.held,
                known=verdict.known,
                operation=self._operation,
            )

    def _repaired(self, sweep: ResourceSweep) -> int:
        """Count what an earlier complete reading must have been shown and the log did not have: our own losses.

        Only appointments say when they were made, and nothing in Trafft says when it changed.
        """
        since = self._since.get(sweep.name)
        is_proven = bool(sweep.outcome and sweep.outcome.is_sweep and sweep.outcome.is_complete)
        if not is_proven or not sweep.counts.new or since is None or "booked_at" not in _columns(sweep):
            return 0
        return self._log.late_finds(sweep.name, sync_id=self._operation.id, before=since - SETTLED_AFTER)

    def _drift(self, sweep: ResourceSweep) -> str | None:
        """Say once what has changed in the form of the records."""
        shapes = self._integration.feature_flags.get(SHAPES, {})
        is_whole = bool(sweep.outcome and sweep.outcome.is_sweep and sweep.outcome.is_complete)
        listed = sweep.counts.seen if is_whole else None
        found = drift(shapes.get(sweep.name), sweep.observer.shape, listed=listed)
        if found.new or found.missing or (found.fields and sweep.name not in shapes):
            integrations.store_shape(self._connection, self._integration.id, sweep.name, found.fields)
        return found.note

    def _certify(self, sweep: ResourceSweep, repaired: int) -> None:
        """Write the certificate of a list that this sync set out to read whole."""
        outcome = sweep.outcome
        if outcome is None or not outcome.is_sweep:
            return
        reason = None if outcome.is_complete else outcome.note or "the list was not proven to be read whole"
        certificate = Certificate(
            sweep.name,
            outcome.evidence or Evidence(),
            reason,
            missing=sweep.verdict.missing if sweep.verdict else 0,
            gone=sweep.counts.gone,
            repaired=repaired,
            day_digests={} if reason else self._digests(sweep),
        )
        store(self._connection, self._integration, self._operation, certificate)

    def _digests(self, sweep: ResourceSweep) -> dict[str, dict[str, object]]:
        day_of = "starts_at" if "starts_at" in _columns(sweep) else None
        return self._log.digests(sweep.name, day_of=day_of, zone=self._integration.timezone)

    def _probe(self, reader: BookingReader) -> None:
        """Look anew at what the account honours; after the lists, so that nothing of theirs depends on it."""
        found = reader.probe()
        if not found:
            return
        changed = ", ".join(changes(self._integration.feature_flags.get(CAPABILITIES), found))
        self._probe_note = f"the account answers otherwise than at the last probe ({changed})" if changed else None
        integrations.store_capabilities(self._connection, self._integration.id, found)

    def _sweep(self, reader: BookingReader, name: str) -> ResourceSweep:
        resource = next(resource for resource in self._system.resources if resource.name == name)
        since = sync_operations.last_complete_start(self._connection, self._integration.id, name)
        self._since[name] = since
        stamp = Stamp(self._integration.barbershop_id, self._integration.id, self._operation.id)
        context = ShopContext(
            ZoneInfo(self._integration.timezone), minor_digits=minor_digits(self._integration.currency)
        )
        return ResourceSweep(
            observer=Observer(resource, context, stamp, self._log),
            reading=reader.read(name, self._aim, since=since, unknown=self._references.unknown),
            log=self._log,
            missed_since=lambda name: sweep_misses.missed_since(self._connection, self._integration.id, name),
            on_progress=self._on_progress,
            started_at=self._operation.started_at or datetime.now(UTC),
        )


def _columns(sweep: ResourceSweep) -> Mapping[str, object]:
    resource: Resource = sweep.observer.resource
    return resource.columns
