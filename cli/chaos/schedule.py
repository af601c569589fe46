"""Which disturbance comes when: a pure function of the seed, so that a round can be played again."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

ROUNDS_PER_CAST = 4
"""So many rounds share their shops, each beginning where the last one ended; then new shops come."""

KINDS = {
    "kill-request": "SIGKILL when a request arrives, before it is answered",
    "kill-extract": "SIGKILL while pages are read and written into the working folder",
    "kill-normalize": "SIGKILL while dlt normalises the package",
    "kill-load": "SIGKILL while dlt loads the package",
    "kill-settle": "SIGKILL after the load was completed, before the sync has said so",
    "kill-tombstone": "SIGKILL while a sync loads that finds records gone for the second time",
    "restart-postgres": "PostgreSQL stopped in immediate mode in the middle of a load, and started again",
    "drop-connections": "every database session of the sync terminated at a moment of the load",
    "late-package": "SIGKILL in a load; another machine syncs; then the first is back with its package",
    "full-disk": "the disk of the working folder full",
    "full-database": "the disk of the raw tables full",
    "fault": "a fault of the booking system",
    "together": "several syncs of the same shops started at once",
    "kill-run": "SIGKILL of a real Dagster run that syncs",
    "kill-dbt": "SIGKILL of a real Dagster run while dbt builds, with dbt or without it",
}
"""Kind → what it does, as `sixfb chaos --help` and docs/chaos.md tell it."""
THROUGH_DAGSTER = frozenset({"kill-run", "kill-dbt"})
"""These cost a process that imports Dagster for each run: seconds instead of tenths."""
_PLENTY = ("kill-request", "kill-extract", "kill-normalize", "kill-load", "kill-settle", "kill-tombstone", "fault")
"""Cheap, and different each time: what the rounds that are left over are made of."""


@dataclass(frozen=True)
class Act:
    """One round: what is disturbed, and the seed of everything random in it. `wiped`: the working folder is lost."""

    number: int
    kind: str
    seed: str
    wiped: bool
    cast: int
    """Rounds with the same number share their shops."""

    def dice(self, purpose: str) -> Random:
        """Return this round's random numbers for one purpose, so that one more throw of one moves no other."""
        return Random(f"{self.seed}:{purpose}")


def schedule(seed: int, rounds: int, only: Sequence[str] = ()) -> tuple[Act, ...]:
    """Return the rounds: each kind once in every twenty, the rest drawn from the cheap ones; `only` these kinds."""
    kinds = list(only) or list(KINDS)
    drawn: list[str] = []
    while len(drawn) < rounds:
        dice = Random(f"{seed}:kinds:{len(drawn)}")
        every = [*kinds, *(() if only else dice.choices(_PLENTY, k=20 - len(kinds)))]
        dice.shuffle(every)
        drawn += every
    return tuple(
        Act(
            number=number,
            kind=kind,
            seed=f"{seed}:{number}",
            wiped=Random(f"{seed}:{number}:wiped").random() < 0.4,
            cast=(number - 1) // ROUNDS_PER_CAST,
        )
        for number, kind in enumerate(drawn[:rounds], 1)
    )
