"""Decides which records are gone. Trafft says of no record that it was deleted; only its absence does.

A record is gone when two complete sweeps in a row miss it. One complete sweep can miss a live
record while rows shift between pages; two in a row missed none in 400 measured double sweeps.
"""

import math
from collections.abc import Collection, Set
from dataclasses import dataclass

GUARD_RECORDS = 20
GUARD_SHARE = 0.05
"""More missing at once than both of these is a broken account or a lost permission until a person says otherwise."""


@dataclass(frozen=True)
class Verdict:
    """What one complete sweep says of the records it did not show.

    `gone` gets tombstones now; `missed` is remembered for the next sweep, None leaves the memory as it was; `note`
    says why nothing was decided.
    """

    gone: tuple[str, ...]
    missed: tuple[str, ...] | None
    note: str | None = None


def judge(missing: Collection[str], *, missed_before: Set[str], live: int, seen: int) -> Verdict:
    """Return what becomes of the `missing` of `live` known records after a complete sweep that showed `seen` records.

    Nothing is decided when the sweep showed no record at all, or when more than max(20, 5 %) are missing.
    """
    if missing and (seen == 0 or len(missing) > max(GUARD_RECORDS, math.ceil(live * GUARD_SHARE))):
        return Verdict(
            gone=(),
            missed=None,
            note=f"{len(missing)} of {live} known records were missing at once: too many to believe, nothing was "
            "removed; check in Trafft whether they were deleted or the API key lost its permission",
        )
    gone = tuple(sorted(external_id for external_id in missing if external_id in missed_before))
    return Verdict(gone=gone, missed=tuple(sorted(set(missing).difference(gone))))
