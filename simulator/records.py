"""The single-record endpoints that read: one customer, employee, service or location."""

from typing import Any

from simulator.answers import Answer, feature_off, not_found, reply
from simulator.call import Call


def read_record(call: Call) -> Answer:
    """Answer one record by its id, as far as the account has such a path."""
    if call.resource == "locations" and call.modes.locations not in ("on", "empty"):
        return feature_off(int(call.modes.locations))
    record = _customer(call) if call.resource == "customers" else _other(call)
    if record is None:
        return not_found()
    return reply({"data": record} if call.modes.single_record == "data" else record)


def _customer(call: Call) -> dict[str, Any] | None:
    row = None if call.record_id is None else call.state.book.customer_row(call.record_id)
    if row is None or row not in call.state.customers:
        return None
    return call.renderer.customer_in_full(row, int(call.state.book.customers.number[row]))


def _other(call: Call) -> dict[str, Any] | None:
    renderer, wanted = call.renderer, call.record_id
    if call.resource == "employees":
        return next((renderer.employee(p) for p in call.state.employees() if p.number == wanted), None)
    if call.resource == "services":
        moment = call.state.moment
        return next((renderer.service(s, moment) for s in call.state.services() if s.number == wanted), None)
    places = call.shop.plan.locations if call.modes.locations == "on" else ()
    return next((renderer.location(place) for place in places if place.number == wanted), None)
