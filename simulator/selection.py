"""Which appointments and customers a list request means, and in what order: filters and sorting, as far as honoured."""

from collections.abc import Callable, Mapping

import numpy as np

from simulator.call import Call, whole_number
from simulator.columns import NO_SHOW, STATUSES, Column, Flags, Ints
from simulator.dice import Dice
from simulator.state import State

_SELECTIONS_KEPT = 8  # per state: a sweep asks for the same selection page after page


def appointment_rows(call: Call) -> Ints:
    """Rows in the order of the list: newest first unless a sort is asked for and honoured."""
    by_start = call.modes.sorting == "honoured" and call.query.get("sort_by") == "start_time"
    wanted = (by_start, is_ascending(call), *((name, call.query[name]) for name in _honoured(call)))
    kept = call.state.selections
    if wanted in kept and call.modes.ties == "stable":
        return kept[wanted]
    rows = _sorted(call, by_start=by_start)
    rows = rows if is_ascending(call) else rows[::-1]
    for name in _honoured(call):
        rows = rows[_FILTERS[name](call.state, rows, call.query[name])]
    if len(kept) < _SELECTIONS_KEPT:
        kept[wanted] = rows
    return rows


def is_filtered(call: Call) -> bool:
    """Whether the request has a filter that this account honours."""
    return bool(_honoured(call))


def is_ascending(call: Call) -> bool:
    """Whether the request asks for ascending order and this account honours it."""
    return call.modes.sorting == "honoured" and call.query.get("sort_order", "").lower() == "asc"


def customer_rows(call: Call) -> Ints:
    """Newest first; searched only where the account honours filters."""
    rows = call.state.customers[::-1]
    wanted = {name: text for name in _SEARCHED if (text := call.query.get(name))}
    if call.modes.filters != "honoured" or not wanted:
        return rows
    numbers = call.state.book.customers.number
    records = zip(rows.tolist(), call.renderer.customers(rows, numbers), strict=True)
    return np.array([row for row, record in records if _matches(record, wanted)], dtype=np.int64)


def _sorted(call: Call, *, by_start: bool) -> Ints:
    state = call.state
    key = state.start[state.rows] if by_start else state.book.appointments.created[state.rows]
    if call.modes.ties == "unstable":
        noise = Dice("ties", call.serial).uniform("order", np.arange(len(key)))
        return state.rows[np.lexsort((noise, key))]
    return state.rows[np.argsort(key, kind="stable")] if by_start else state.rows


def _honoured(call: Call) -> list[str]:
    allowed = {"honoured": set(_FILTERS), "status_only": {"status"}, "ignored": set()}[call.modes.filters]
    return [name for name in _FILTERS if name in allowed and call.query.get(name)]


def _with_status(state: State, rows: Ints, value: str) -> Flags:
    words = {word.strip().lower().replace("_", "-") for word in value.split(",")}
    codes = [code for code, word in enumerate(STATUSES) if word in words]
    codes += [NO_SHOW] if "noshow" in words else []
    return np.isin(state.status[rows], codes)


def _with_service(state: State, rows: Ints, value: str) -> Flags:
    return _at(state.service[rows], [service.number for service in state.book.services], value)


def _with_employee(state: State, rows: Ints, value: str) -> Flags:
    numbers = [employee.number for employee in state.book.employees]
    return _at(state.employee[rows], numbers, value) | _at(state.assistant[rows], numbers, value)


def _with_location(state: State, rows: Ints, value: str) -> Flags:
    return _at(state.location[rows], list(state.book.location_numbers), value)


def _with_customer(state: State, rows: Ints, value: str) -> Flags:
    number = whole_number(value)
    customer = None if number is None else state.book.customer_row(number)
    if customer is None:
        return np.zeros(len(rows), dtype=np.bool_)
    bookings = np.flatnonzero(state.book.bookings.customer == customer)
    return np.isin(rows, np.searchsorted(state.book.appointments.bookings_from, bookings, side="right") - 1)


def _at(positions: Column, numbers: list[int], value: str) -> Flags:
    """True where the position is that of the wanted number."""
    number = whole_number(value)
    matches: Flags = positions == (numbers.index(number) if number in numbers else -2)
    return matches


_FILTERS: Mapping[str, Callable[[State, Ints, str], Flags]] = {
    "status": _with_status,
    "serviceId": _with_service,
    "employeeId": _with_employee,
    "locationId": _with_location,
    "customerId": _with_customer,
}
_SEARCHED = {
    "email": ("email",),
    "firstName": ("first_name",),
    "lastName": ("last_name",),
    "phoneNumber": ("phone_number",),
    "search": ("first_name", "last_name", "email", "phone_number"),
}


def _matches(record: Mapping[str, object], wanted: Mapping[str, str]) -> bool:
    return all(
        any(text.lower() in str(record[key] or "").lower() for key in _SEARCHED[name]) for name, text in wanted.items()
    )
