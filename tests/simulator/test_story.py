"""The shops behave like barbershops: capacity, hours, regular clients, prices, classes, and fates with their times."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.clients import draw_clients
from simulator.clock import Clock
from simulator.columns import CANCELED, NO_SHOW, START, STATUS
from simulator.family import demo_shops
from simulator.places import PLACES
from simulator.shop import Shop
from simulator.staff import employees_until
from simulator.truth import Truth, TruthAppointment
from simulator.wishes import regular_wishes
from simulator.zones import DAY

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ZONES = [place.timezone for place in PLACES]
CLASS = "Beard Care Class"


@cache
def busy_shop(zone: str = "America/New_York") -> Shop:
    """Never edited, so it can be shared."""
    return Shop.generate(seed=11, clock=Clock(frozen_at=NOW), appointments=4000, timezone=zone)


@cache
def truth_of(zone: str) -> Truth:
    return busy_shop(zone).truth()


def in_class(truth: Truth) -> list[TruthAppointment]:
    services = {service.id: service.name for service in truth.services}
    return [a for a in truth.appointments if services[a.service_id] == CLASS]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("days_ago", [0, 40, 200, 400])
def test_no_barber_has_two_clients_at_once_at_any_moment(zone: str, days_ago: int) -> None:
    """Canceled ones included: their time is not given away."""
    shop = busy_shop(zone)
    state = shop.state(shop.clock.seconds() - days_ago * DAY)
    engagements = defaultdict(list)
    for row in state.rows.tolist():
        start = int(state.start[row])
        for barber in {int(state.employee[row]), int(state.assistant[row])} - {-1}:
            engagements[barber].append((start, start + int(state.minutes[row]) * 60))
    assert engagements
    for times in engagements.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(times)))


@pytest.mark.parametrize("zone", ZONES)
def test_appointments_keep_to_opening_hours_on_the_wall_clock_all_year(zone: str) -> None:
    shop, truth = busy_shop(zone), truth_of(zone)
    offsets = set()
    for record in truth.appointments:
        start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (record.starts_at, record.ends_at))
        hours = shop.place.hours[start.weekday()]
        assert hours is not None, start
        assert hours[0] <= start.hour * 60 + start.minute < end.hour * 60 + end.minute <= hours[1], start
        offsets.add(start.utcoffset())
    moves_clocks = ZoneInfo(zone).utcoffset(datetime(2025, 1, 1)) != ZoneInfo(zone).utcoffset(datetime(2025, 7, 1))  # noqa: DTZ001
    assert len(offsets) == (2 if moves_clocks else 1)


@pytest.mark.parametrize("zone", ZONES)
def test_everything_is_booked_before_it_starts_and_walk_ins_just_before(zone: str) -> None:
    truth = truth_of(zone)
    leads = [a.starts_at - a.created_at for a in truth.appointments]
    assert min(leads) >= timedelta(seconds=20)
    walk_ins = [lead for lead in leads if lead <= timedelta(minutes=10)]
    assert 0.06 < len(walk_ins) / len(leads) < 0.20
    assert max(leads) < timedelta(days=90)


def test_walk_ins_go_on_a_stranger_the_shops_own_client_or_nobody() -> None:
    truth = truth_of("America/New_York")
    names = {c.id: (c.first_name, c.last_name) for c in truth.customers}
    walk_ins = [a for a in truth.appointments if a.starts_at - a.created_at <= timedelta(minutes=10)]
    kinds = Counter(
        "nobody" if not a.bookings else "walk in" if names[a.bookings[0].customer_id] == ("Walk", "In") else "stranger"
        for a in walk_ins
    )
    assert kinds["walk in"] > kinds["stranger"] > kinds["nobody"] > 10


def test_clients_come_back_at_their_own_interval() -> None:
    """Wishes, before capacity and illness have their say: nine in ten within a fifth of the client's mean."""
    plan = busy_shop().plan
    roster, clients = busy_shop().state().book.roster, draw_clients(plan, 1400)
    wishes = regular_wishes(plan, roster, clients)
    interval = dict(zip(clients.uid.tolist(), clients.interval.tolist(), strict=True))
    days = defaultdict(list)
    for client, day in zip(wishes.client.tolist(), wishes.day.tolist(), strict=True):
        days[client].append(day)
    steady = [(interval[c], np.diff(visits)) for c, visits in days.items() if len(visits) >= 8]
    close = [abs(gaps.mean() / mean - 1) < 0.2 for mean, gaps in steady]
    assert len(close) > 50
    assert np.mean(close) > 0.9
    spread = [gaps.std() / gaps.mean() for _, gaps in steady]
    assert np.mean(spread) < 0.5  # chance alone would give 1


def test_regulars_stay_with_one_barber_and_one_service() -> None:
    truth = Shop.generate(seed=3, clock=Clock(frozen_at=NOW), appointments=12_000).truth()
    barbers: dict[str, Counter[str]] = defaultdict(Counter)
    services: dict[str, Counter[str]] = defaultdict(Counter)
    for record in truth.appointments:
        for booking in record.bookings[:1]:
            barbers[booking.customer_id][record.employee_ids[0]] += 1
            services[booking.customer_id][record.service_id] += 1
    regulars = [client for client, seen in barbers.items() if 8 <= seen.total() < 200]
    assert len(regulars) > 200
    for seen in (barbers, services):
        loyalty = [seen[client].most_common(1)[0][1] / seen[client].total() for client in regulars]
        assert np.mean(loyalty) > 0.72


def test_new_clients_keep_arriving_and_a_third_come_once() -> None:
    truth = truth_of("Europe/London")
    quarters = Counter((c.created_at.year, c.created_at.month // 4) for c in truth.customers)
    assert min(quarters.values()) > 20
    visits = Counter(b.customer_id for a in truth.appointments for b in a.bookings)
    once = sum(count == 1 for count in visits.values()) / len(visits)
    assert 0.2 < once < 0.55
    assert sum(count >= 8 for count in visits.values()) > 50


def test_prices_change_over_time_and_stay_round() -> None:
    changes = 0
    for shop in demo_shops(10, seed=1, clock=Clock(frozen_at=NOW)):
        for service in shop.truth().services:
            moments = [moment for moment, _ in service.prices]
            prices = [price for _, price in service.prices]
            assert moments == sorted(set(moments))
            assert prices == sorted(prices)
            assert all(price % shop.place.price_step == 0 for price in prices)
            changes += sum(moment <= NOW for moment in moments) - 1
    assert changes > 20


def test_fates_come_at_the_rates_and_times_of_the_shop() -> None:
    shop = Shop.generate(seed=3, clock=Clock(frozen_at=NOW), appointments=20_000)
    state, habits = shop.state(), shop.plan.habits
    book = state.book
    base, events = book.appointments, book.events
    past = state.rows[state.start[state.rows] < NOW.timestamp() - 15 * DAY]
    share = np.bincount(state.status[past], minlength=5) / len(past)
    assert abs(share[CANCELED] / (habits.cancels * (1 - habits.walk_ins)) - 1) < 0.15
    assert abs(share[NO_SHOW] / (habits.no_shows * (1 - habits.walk_ins)) - 1) < 0.25

    marked = np.flatnonzero((events.field == STATUS) & (events.value == NO_SHOW))
    final = base.start.copy()
    moved = np.flatnonzero(events.field == START)
    final[events.row[moved]] = events.value[moved]
    late = events.moment[marked] - (final + base.minutes * 60)[events.row[marked]]
    assert 0 <= late.min() <= late.max() <= 14 * DAY
    assert np.mean(late > DAY) > 0.1

    into_the_past = events.value[moved] < events.moment[moved]
    across_days = np.abs(events.value[moved] - base.start[events.row[moved]]) > DAY
    assert abs(len(moved) / len(base) / (habits.moves * (1 - habits.walk_ins)) - 1) < 0.2
    assert 0.05 < into_the_past.mean() < 0.4
    assert across_days.mean() > 0.4
    assert np.all(events.moment >= base.created[events.row])


def test_classes_fill_up_over_time_and_lose_some() -> None:
    truth = truth_of("Europe/London")
    classes = in_class(truth)
    assert len(classes) > 20
    assert {len(a.bookings) for a in classes if a.starts_at < truth.at} == {2, 3, 4}
    assert {len(a.employee_ids) for a in classes} == {1, 2}
    fates = Counter(b.status for a in classes if a.status == "approved" for b in a.bookings)
    assert fates["approved"] > fates["canceled"] > 3
    shop = busy_shop("Europe/London")
    first_day = shop.state(int(classes[-8].created_at.timestamp()))
    row = first_day.book.appointment_row(int(classes[-8].id))
    assert row is not None
    assert len(first_day.bookings_of(row)) == 1


def test_barbers_work_only_while_they_are_employed() -> None:
    shop = Shop.generate(seed=2, clock=Clock(frozen_at=NOW), appointments=9000)
    state = shop.state()
    staff = employees_until(shop.plan, state.book.roster.days)
    day = shop.plan.zone.wall(state.start[state.rows]) // DAY - shop.plan.opening_day
    worked = {
        barber: day[state.employee[state.rows] == barber]
        for barber in range(len(staff))
        if staff[barber].first_day < 500
    }
    assert len(worked) > shop.plan.chairs
    for barber, days in worked.items():
        assert staff[barber].first_day <= days.min() <= days.max() <= staff[barber].last_day
        weekdays = Counter(((days + shop.plan.opening.weekday()) % 7).tolist())
        assert len(weekdays) < sum(hours is not None for hours in shop.place.hours)


@pytest.mark.parametrize("wanted", [50, 300, 1500, 20_000])
def test_the_number_of_appointments_is_about_what_was_asked(wanted: int) -> None:
    counts = [
        Shop.generate(seed=seed, clock=Clock(frozen_at=NOW), appointments=wanted).counts()["appointments"]
        for seed in range(8)
    ]
    assert abs(np.mean(counts) / wanted - 1) < 0.12
    assert all(0.4 < count / wanted < 1.9 for count in counts)


def test_a_shop_of_natural_size_is_busy_but_not_full() -> None:
    shop = Shop.generate(seed=6, clock=Clock(frozen_at=NOW), appointments=None)
    state = shop.state()
    roster = state.book.roster
    days = slice(0, shop.plan.days)
    capacity = (roster.closes[:, days] - roster.opens[:, days]).sum()
    past = state.rows[state.start[state.rows] < NOW.timestamp()]
    assert 0.35 < state.minutes[past].sum() / capacity < 0.9


def test_a_service_that_starts_late_is_neither_listed_nor_booked_before() -> None:
    clock = Clock(frozen_at=NOW)
    shops = (Shop.generate(seed=seed, clock=clock, appointments=2000) for seed in range(20))
    shop, late = next((s, x) for s in shops for x in s.plan.services if x.since > s.plan.instant_of_day(60))
    before, after = shop.state(late.since - DAY), shop.state(late.since + 90 * DAY)
    position = shop.plan.services.index(late)
    assert late not in before.services()
    assert position not in set(before.service[before.rows].tolist())
    assert late in after.services()
    assert position in set(after.service[after.rows].tolist())
