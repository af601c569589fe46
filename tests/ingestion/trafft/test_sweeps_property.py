"""Night after night over a list that moves: what a sweep calls complete loses nothing and removes nothing that lives.

The scenarios of docs/decisions/0010 (D4): bookings, deletions, cancellations, moves and imports between any two
requests, any page size, ties in any order, clamped or refused limits, ignored filters, stale totals. The oracle is the
simulator's own state, and a plain set for what a store would hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.reading import Aim, Outcome, Window
from ingestion.tombstones import judge
from simulator.modes import Modes
from simulator.shop import Shop
from tests.ingestion.fake_time import START
from tests.ingestion.trafft.account import Account, open_account
from tests.ingestion.trafft.reading import read

MODES = st.builds(
    Modes,
    sorting=st.sampled_from(["ignored", "honoured"]),
    ties=st.sampled_from(["stable", "unstable"]),
    filters=st.sampled_from(["status_only", "honoured", "ignored"]),
    pagination=st.sampled_from(["block", "laravel", "missing"]),
    past_the_end=st.sampled_from(["empty", "last_page"]),
    page=st.sampled_from(["honoured", "honoured", "honoured", "honoured", "ignored"]),
    total=st.sampled_from(["right", "right", "right", "right", "stale"]),
    max_limit=st.sampled_from([5, 8, 10, 25, 100]),
) | st.builds(
    Modes,
    sorting=st.sampled_from(["ignored", "honoured"]),
    max_limit=st.sampled_from([25, 50]),
    over_limit=st.just("422"),
)
EDITS = st.sampled_from(["insert", "import", "delete", "restore", "cancel", "replace", "move", "wait"])
PAGE_SIZES = st.sampled_from([1, 3, 7, 10, 20, 25, 33, 100])
CHANGES = st.dictionaries(
    st.integers(min_value=1, max_value=40), st.lists(st.tuples(EDITS, st.floats(0, 1)), max_size=3), max_size=3
)
BOUNDED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Restless:
    """An account whose shop changes after certain pages; remembers who lived, and who was left alone, meanwhile."""

    account: Account
    changes: Mapping[int, list[tuple[str, float]]]
    pages: int = 0
    deleted: list[str] = field(default_factory=list)
    lived: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.account.simulator.after_each_page("appointments", self._page_was_read)

    def begin(self) -> None:
        """Begin a new reading: the same changes come again, at its pages."""
        self.pages = 0
        self.lived = listed(self.account.shop)
        self.touched = set()

    def _page_was_read(self, _pages: int) -> None:
        self.pages += 1
        for kind, where in self.changes.get(self.pages, []):
            self._edit(kind, where)
            self.lived &= listed(self.account.shop)

    def _edit(self, kind: str, where: float) -> None:
        """Change something at a place between the oldest (0) and the newest (1)."""
        shop, ids = self.account.shop, sorted(listed(self.account.shop), key=int)
        chosen = ids[int(where * len(ids)) - 1]
        self.touched.add(chosen)
        if kind == "wait":
            shop.clock.advance(timedelta(minutes=20))
        for _ in range({"insert": 1, "replace": 1, "import": 12}.get(kind, 0)):
            shop.add_appointment(starts_at=shop.clock.now() + timedelta(days=(where - 0.5) * 200))
        if kind in ("delete", "replace"):
            shop.delete_appointment(chosen)
            self.deleted.append(chosen)
        if kind == "restore" and self.deleted:
            shop.restore_appointment(self.deleted.pop())
        if kind == "cancel":
            shop.cancel(chosen)
        if kind == "move":
            shop.reschedule(chosen, shop.clock.now() + timedelta(days=(0.5 - where) * 200))


def listed(shop: Shop) -> set[str]:
    state = shop.state()
    return {str(number) for number in state.book.appointments.number[state.rows].tolist()}


@dataclass
class Store:
    """What a store would hold, told by the product's own verdicts."""

    live: set[str] = field(default_factory=set)
    missed_since: dict[str, datetime] = field(default_factory=dict)

    def take(self, ids: list[str], outcome: Outcome, *, night: int) -> set[str]:
        """Take in one sweep and return what it removed."""
        self.live |= set(ids)
        if not (outcome.is_sweep and outcome.is_complete):
            return set()
        started_at = START + timedelta(days=night)
        missing = [external_id for external_id in self.live if external_id not in outcome.seen_ids]
        verdict = judge(
            missing, missed_since=self.missed_since, started_at=started_at, live=len(self.live), seen=len(ids)
        )
        if verdict.missed is not None:
            self.missed_since = {each: self.missed_since.get(each, started_at) for each in verdict.missed}
        self.live -= set(verdict.gone)
        return set(verdict.gone)


@pytest.mark.slow
@BOUNDED
@given(modes=MODES, page_size=PAGE_SIZES, changes=CHANGES)
def test_no_night_loses_or_removes_what_lives(
    modes: Modes, page_size: int, changes: dict[int, list[tuple[str, float]]]
) -> None:
    restless = Restless(open_account(modes, appointments=40), changes)
    store = Store()
    for night in range(3):
        restless.begin()
        found = read(restless.account, "appointments", Aim("full"), page_size=page_size)
        before = set(store.live)
        gone = store.take(found.ids, found.outcome, night=night)
        assert not gone & restless.lived
        if found.outcome.is_complete:
            assert restless.lived <= store.live
        else:
            assert before <= store.live
    restless.changes = {}
    restless.begin()
    quiet = read(restless.account, "appointments", Aim("full"), page_size=page_size)
    store.take(quiet.ids, quiet.outcome, night=3)
    if quiet.outcome.is_complete:
        assert listed(restless.account.shop) <= store.live
        assert not quiet.outcome.evidence or quiet.outcome.evidence.ids_seen == len(listed(restless.account.shop))


@pytest.mark.slow
@BOUNDED
@given(modes=MODES, page_size=PAGE_SIZES, changes=CHANGES, what=st.sampled_from(["incremental", "backfill"]))
def test_what_an_hourly_sync_or_a_back_fill_calls_complete_has_seen_its_part(
    modes: Modes, page_size: int, changes: dict[int, list[tuple[str, float]]], what: str
) -> None:
    """Whatever was there before, and was left alone meanwhile: what changes while it is read, the next sync finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.trafft.source.SMALL_LIST", 10)
        restless = Restless(open_account(modes, appointments=60), changes)
        now = restless.account.simulator.clock.now()
        since, window = now - timedelta(days=3), Window(now - timedelta(days=30), now - timedelta(days=5))
        part = {one.id for one in restless.account.shop.truth().appointments if _is_meant(one, what, since, window)}
        restless.begin()
        aim = Aim("incremental") if what == "incremental" else Aim("backfill", window)
        found = read(restless.account, "appointments", aim, since=since, page_size=page_size)
    assert not found.outcome.is_sweep
    if found.outcome.is_complete:
        assert (part & restless.lived) - restless.touched <= set(found.ids)
    assert len(found.ids) - len(set(found.ids)) <= len(restless.touched) * 4


def _is_meant(one: Any, what: str, since: datetime, window: Window) -> bool:
    if what == "incremental":
        return bool(one.created_at >= since or one.starts_at >= START - timedelta(days=60))
    return bool(window.start <= one.starts_at < window.end)


def test_plain_paging_loses_rows_in_most_readings_of_a_list_that_moves() -> None:
    """What all this is for: the same changes, read page after page without a second thought."""
    lossy = 0
    for seed in range(40):
        changes = {page: [("delete", (seed * 7 + page * 13) % 10 / 10)] for page in range(1, 5)}
        restless = Restless(open_account(appointments=80), changes)
        restless.begin()
        seen: set[str] = set()
        for number in range(1, 99):
            page = restless.account.client.page("appointments", number, limit=10)
            if not page.records:
                break
            seen |= {str(record["id"]) for record in page.records}
        lossy += bool(restless.lived - seen)
    assert lossy >= 40 * 0.54
