"""The one promise that counts: a scan that calls itself complete has seen every record that lived through it."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.trafft.scan import Scan
from simulator.modes import Modes
from simulator.shop import Shop
from tests.ingestion.trafft.account import open_account

MODES = st.builds(
    Modes,
    sorting=st.sampled_from(["ignored", "honoured"]),
    ties=st.sampled_from(["stable", "unstable"]),
    pagination=st.sampled_from(["block", "laravel", "missing"]),
    past_the_end=st.sampled_from(["empty", "last_page"]),
    page=st.sampled_from(["honoured", "honoured", "honoured", "ignored"]),
    total=st.sampled_from(["right", "right", "right", "stale"]),
    max_limit=st.sampled_from([5, 8, 10, 25]),
)
EDITS = st.sampled_from(["insert", "delete", "cancel", "replace", "move", "wait"])
HINTS = st.sampled_from([{}, {"sort_by": "start_time", "sort_order": "asc"}])


def listed(shop: Shop) -> set[str]:
    state = shop.state()
    return {str(number) for number in state.book.appointments.number[state.rows].tolist()}


def edit(shop: Shop, kind: str, where: float) -> None:
    """Change something at a place between the oldest (0) and the newest (1)."""
    ids = sorted(listed(shop), key=int)
    chosen = ids[int(where * len(ids)) - 1]
    if kind == "wait":
        shop.clock.advance(timedelta(minutes=20))
    if kind in ("insert", "replace"):
        shop.add_appointment(starts_at=shop.clock.now() + timedelta(days=(where - 0.5) * 200))
    if kind in ("delete", "replace"):
        shop.delete_appointment(chosen)
    if kind == "cancel":
        shop.cancel(chosen)
    if kind == "move":
        shop.reschedule(chosen, shop.clock.now() + timedelta(days=(0.5 - where) * 200))


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    modes=MODES,
    hint=HINTS,
    edits=st.dictionaries(
        st.integers(min_value=1, max_value=30), st.lists(st.tuples(EDITS, st.floats(0, 1)), max_size=4), max_size=4
    ),
)
def test_a_complete_scan_has_seen_whatever_lived_through_it(
    modes: Modes, hint: dict[str, str], edits: dict[int, list[tuple[str, float]]]
) -> None:
    account = open_account(modes, appointments=40)
    lived_through = listed(account.shop)
    pages = 0

    def change(_pages: int) -> None:
        nonlocal pages
        pages += 1
        for kind, where in edits.get(pages, []):
            edit(account.shop, kind, where)
            lived_through.intersection_update(listed(account.shop))

    account.simulator.after_each_page("appointments", change)
    scan = Scan(account.client, "appointments", page_size=10, params=hint)
    for _ in scan:
        pass
    assert scan.report
    if scan.report.complete:
        assert {external_id for external_id in lived_through if external_id not in scan.report.seen_ids} == set()
