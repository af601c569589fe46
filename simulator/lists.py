"""The list endpoints: one page of a resource in its envelope, paged as well or as badly as the account's modes say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.answers import Answer, feature_off, invalid, reply
from simulator.call import Call, whole_number
from simulator.columns import Ints
from simulator.selection import appointment_rows, customer_rows, is_ascending, is_filtered

_HOUR = 3600


def list_records(call: Call) -> Answer:
    """GET on a collection."""
    if call.resource == "locations" and call.modes.locations not in ("on", "empty"):
        return feature_off(int(call.modes.locations))
    limit = whole_number(call.query.get("limit")) or min(call.modes.default_limit, call.modes.max_limit)
    if limit > call.modes.max_limit:
        if call.modes.over_limit == "422":
            return invalid(limit=f"The limit may not be greater than {call.modes.max_limit}.")
        limit = call.modes.max_limit
    shown, rows = _LISTS[call.resource](call)
    raw = [] if is_filtered(call) else [record for name, record in call.shop.edits.raw if name == call.resource]
    total = len(raw) + len(rows)
    page = _page(call, limit, total)
    start, stop = (page - 1) * limit, page * limit
    if is_ascending(call):
        data = shown(rows[start:stop]) + raw[max(start - len(rows), 0) : max(stop - len(rows), 0)]
    else:
        data = raw[start:stop] + shown(rows[max(start - len(raw), 0) : max(stop - len(raw), 0)])
    return reply({"data": data, **_pagination(call, _claimed(call, total), page, limit)})


def _page(call: Call, limit: int, total: int) -> int:
    page = whole_number(call.query.get("page")) or 1
    if call.modes.page == "ignored":
        return 1
    if call.modes.past_the_end == "last_page":
        return min(page, max(_pages(total, limit), 1))
    return page


def _pages(total: int, limit: int) -> int:
    return -(-total // limit)


def _claimed(call: Call, total: int) -> int:
    """The total as the pagination block states it."""
    if call.modes.total == "wrong":
        return total + 3
    if call.modes.total == "stale" and call.resource == "appointments":
        return len(call.shop.state(call.state.moment // _HOUR * _HOUR).rows)
    return total


def _pagination(call: Call, total: int, page: int, limit: int) -> Mapping[str, Any]:
    pages = _pages(total, limit)
    if call.modes.pagination == "missing":
        return {}
    if call.modes.pagination == "laravel":
        return {"current_page": page, "last_page": max(pages, 1), "per_page": limit, "total": total}
    return {"pagination": {"total": total, "page": page, "limit": limit, "pages": pages}}


_Shown = Callable[[Any], list[Any]]


def _appointments(call: Call) -> tuple[_Shown, Ints]:
    return lambda rows: call.renderer.appointments(call.state, rows), appointment_rows(call)


def _customers(call: Call) -> tuple[_Shown, Ints]:
    numbers = call.state.book.customers.number
    return lambda rows: call.renderer.customers(rows, numbers), customer_rows(call)


def _employees(call: Call) -> tuple[_Shown, Sequence[Any]]:
    hidden = call.modes.departed_employees == "hidden"
    people = [person for person in call.state.employees() if not hidden or person.left > call.state.moment]
    return lambda shown: [call.renderer.employee(person) for person in shown], people


def _services(call: Call) -> tuple[_Shown, Sequence[Any]]:
    moment = call.state.moment
    return lambda shown: [call.renderer.service(service, moment) for service in shown], call.state.services()


def _locations(call: Call) -> tuple[_Shown, Sequence[Any]]:
    places = call.shop.plan.locations if call.modes.locations == "on" else ()
    return lambda shown: [call.renderer.location(place) for place in shown], places


_LISTS: Mapping[str, Callable[[Call], tuple[_Shown, Any]]] = {
    "appointments": _appointments,
    "customers": _customers,
    "employees": _employees,
    "services": _services,
    "locations": _locations,
}
