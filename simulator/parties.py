"""Who sits in which appointment: bookings, and the customers that arise from them."""

from dataclasses import dataclass

import numpy as np

from simulator.clients import NEWCOMER, ORIGINS, PASSER_BY, WALK_IN_BOOK, Clients
from simulator.columns import (
    AS_APPOINTMENT,
    CANCELED,
    HAS_EMAIL,
    HAS_PHONE,
    NO_SHOW,
    NOT_YET,
    SHARED_EMAIL,
    STATUS,
    WALK_IN_NAME,
    Bookings,
    Column,
    Columns,
    Customers,
    Events,
    Ints,
)
from simulator.names import first_names, last_names
from simulator.outcomes import Outcomes
from simulator.plan import Plan
from simulator.settling import Timetable
from simulator.wishes import CLASS, NOBODY

_BOOKINGS_FROM, _CUSTOMERS_FROM = 21_000, 600  # ids; those of different shops overlap on purpose
_YEARS_OLD = (8, 78)


@dataclass(frozen=True)
class Parties:
    """Who came with whom: the bookings of all appointments, and the customers that they made."""

    bookings: Bookings
    events: Events
    customers: Customers
    bookings_from: Ints  # for each appointment
    bookings_until: Ints


@dataclass(frozen=True)
class _Seats(Columns):
    appointment: Ints  # row in order of creation
    turn: Column
    uid: Ints
    joined: Ints
    until: Ints  # the start of the appointment


def seat(plan: Plan, clients: Clients, table: Timetable, outcomes: Outcomes) -> Parties:
    """`table` and `outcomes` in order of creation."""
    seats = _single(table, outcomes).and_then(_class_seats(plan, clients, table, outcomes))
    seats = seats.take(np.lexsort((seats.turn, seats.appointment)))
    uids, customer, created = _customers(seats)
    persons = plan.dice.uniform("persons", seats.uid, seats.joined)
    late = seats.turn > 0
    rows = np.arange(len(table))
    return Parties(
        bookings=Bookings(
            number=_BOOKINGS_FROM + plan.dice.pick("booking/number", 900) + np.arange(len(seats)),
            joined=seats.joined,
            customer=customer.astype(np.int32),
            extra_persons=np.where(persons < 0.025, 1, np.where(persons < 0.03, 2, 0)).astype(np.int8),
            status=np.where(late, NOT_YET, AS_APPOINTMENT).astype(np.int8),
        ),
        events=_class_events(plan, table, seats),
        customers=_registered(plan, uids, created),
        bookings_from=np.searchsorted(seats.appointment, rows, side="left"),
        bookings_until=np.searchsorted(seats.appointment, rows, side="right"),
    )


def _single(table: Timetable, outcomes: Outcomes) -> _Seats:
    rows = np.flatnonzero((table.kind != CLASS) & (table.client != NOBODY))
    return _Seats(
        appointment=rows,
        turn=np.zeros(len(rows), dtype=np.int8),
        uid=table.client[rows],
        joined=outcomes.created[rows],
        until=outcomes.start[rows],
    )


def _class_seats(plan: Plan, clients: Clients, table: Timetable, outcomes: Outcomes) -> _Seats:
    """Two to four of those who were clients by then; the first one's booking makes the class, the others join."""
    classes = np.flatnonzero(table.kind == CLASS)
    day = table.start[classes]
    founders = int(np.sum(clients.uid % ORIGINS != NEWCOMER))
    known = founders + np.searchsorted(clients.first[founders:], day)
    wanted = np.minimum(2 + plan.dice.choice("class size", (0.5, 0.3, 0.2), day), known)
    row, turn = np.repeat(classes, wanted), np.arange(wanted.sum()) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    lucky = (plan.dice.uniform("participant", table.start[row]) * np.repeat(known, wanted)).astype(np.int64)
    uid = clients.uid[(lucky + turn) % np.maximum(np.repeat(known, wanted), 1)]
    room = (outcomes.start[row] - outcomes.created[row]) * 0.9 * (turn > 0)
    joined = outcomes.created[row] + (plan.dice.uniform("joins", table.start[row], turn) * room).astype(np.int64)
    return _Seats(appointment=row, turn=turn.astype(np.int8), uid=uid, joined=joined, until=outcomes.start[row])


def _class_events(plan: Plan, table: Timetable, seats: _Seats) -> Events:
    """Latecomers join; some participants cancel on their own, some do not turn up."""
    joins = np.flatnonzero(seats.turn > 0)
    in_class = np.flatnonzero(table.kind[seats.appointment] == CLASS)
    chance = plan.dice.uniform("class fate", seats.uid[in_class], seats.until[in_class])
    cancels, misses = in_class[chance < 0.14], in_class[chance > 0.95]
    room = seats.until[cancels] - seats.joined[cancels]
    share = 0.2 + 0.7 * plan.dice.uniform("class cancel", seats.uid[cancels], seats.until[cancels])
    parts = [
        (joins, seats.joined[joins], AS_APPOINTMENT),
        (cancels, seats.joined[cancels] + (room * share).astype(np.int64), CANCELED),
        (misses, seats.until[misses] + 5400, NO_SHOW),
    ]
    row, moment = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    value = np.concatenate([np.full(len(part[0]), part[2], dtype=np.int64) for part in parts])
    order = np.argsort(moment, kind="stable")
    return Events(moment[order], row[order], np.full(len(row), STATUS, dtype=np.int8), value[order])


def _customers(seats: _Seats) -> tuple[Ints, Ints, Ints]:
    """Customers in order of their first booking: uids, each seat's customer, and when each customer came to be."""
    order = np.argsort(seats.uid, kind="stable")
    first = np.flatnonzero(np.diff(seats.uid[order], prepend=-1))
    created = np.minimum.reduceat(seats.joined[order], first) if len(first) else seats.joined[:0]
    uids = seats.uid[order][first]
    by_age = np.lexsort((uids, created))
    position = np.empty(len(uids), dtype=np.int64)
    position[by_age] = np.arange(len(uids))
    return uids[by_age], position[np.searchsorted(uids, seats.uid)], created[by_age]


def _registered(plan: Plan, uids: Ints, created: Ints) -> Customers:
    dice = plan.dice
    firsts, lasts = len(first_names(plan.place.names)), len(last_names(plan.place.names))
    first_name = (dice.uniform("first name", uids) * firsts).astype(np.int16)
    stranger = uids % ORIGINS == PASSER_BY
    has_email = dice.uniform("has email", uids) < np.where(stranger, 0.35, 0.9)
    shares = dice.uniform("shares email", uids) < 0.02
    has_phone = dice.uniform("has phone", uids) < np.where(stranger, 0.6, 0.95)
    youngest, oldest = ((plan.opening.year - 1970 - age) * 365.25 for age in _YEARS_OLD)
    born = (oldest + dice.uniform("born", uids) * (youngest - oldest)).astype(np.int32)
    return Customers(
        number=_CUSTOMERS_FROM + dice.pick("customer/number", 200) + np.arange(len(uids)),
        created=created,
        first_name=np.where(uids == WALK_IN_BOOK, WALK_IN_NAME, first_name).astype(np.int16),
        last_name=(dice.uniform("last name", uids) * lasts).astype(np.int16),
        reachable=(has_email * HAS_EMAIL + has_phone * HAS_PHONE + shares * SHARED_EMAIL).astype(np.int8),
        born=np.where(dice.uniform("tells birthday", uids) < 0.6, born, 0).astype(np.int32),
        gender=dice.choice("gender", (0.35, 0.55, 0.08, 0.02), uids).astype(np.int8),
    )
