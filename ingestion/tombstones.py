"""Decides which records are gone. Trafft says of no record that it was deleted; only its absence does.

A record is gone when two complete sweeps miss it that began an hour or more apart, with no sign of it in between. One
complete sweep can miss a live record while rows shift between pages; two in a row missed none in 400 measured double
sweeps, and the hour keeps one bad moment of the booking system from counting twice.
"""

import math
from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

SWEEPS_APART = timedelta(hours=1)
"""Between the beginnings of the two sweeps that make a tombstone."""
GUARD_RECORDS = 20
GUARD_SHARE = 0.05
"""More missing at once than both of these is a broken account or a lost permission until a person says otherwise."""


@dataclass(frozen=True)
class Verdict:
    """What one complete sweep says of the records it did not show.

    `gone` gets tombstones now; `missed` is remembered for the next sweep, None leaves the memory as it was; `held` is
    kept aside until a person has decided; `note` says why nothing was.
    """

    gone: tuple[str, ...]
    missed: tuple[str, ...] | None
    held: tuple[str, ...] = ()
    known: int = 0
    note: str | None = None

    @property
    def missing(self) -> int:
        """How many known records the sweep did not show."""
        return len(self.gone) + len(self.missed or ()) + len(self.held)


def allowed(live: int) -> int:
    """Return how many of the known records may be missing at once without a person having to decide."""
    return max(GUARD_RECORDS, math.ceil(live * GUARD_SHARE))


def judge(
    missing: Collection[str],
    *,
    missed_since: Mapping[str, datetime],
    started_at: datetime,
    live: int,
    seen: int,
    unconfirmed: Set[str] = frozenset(),
) -> Verdict:
    """Return what becomes of the `missing` of `live` known records after a complete sweep that showed `seen` records.

    `missed_since` tells when the first sweep began that missed them, `started_at` when this one did (aware UTC).
    Nothing is decided when the sweep showed no record at all, or when more than max(20, 5 %) are missing. Those that
    are `unconfirmed`, told of by webhooks alone, do not count: anybody can post, and must not stop the sweeps so.
    """
    confirmed = [external_id for external_id in missing if external_id not in unconfirmed]
    if confirmed and (seen == 0 or len(confirmed) > allowed(live)):
        return Verdict(
            gone=(),
            missed=None,
            held=tuple(sorted(confirmed)),
            known=live,
            note=f"{len(confirmed)} of {live} known records were missing at once: too many to believe, nothing was "
            "removed; check in Trafft whether they were deleted or the API key lost its permission, then decide with "
            "`sixfb deletions`",
        )
    gone = tuple(
        sorted(
            external_id
            for external_id in missing
            if external_id in missed_since and started_at - missed_since[external_id] >= SWEEPS_APART
        )
    )
    return Verdict(gone=gone, missed=tuple(sorted(set(missing).difference(gone))), known=live)
