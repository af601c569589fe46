"""The endpoints that change something: customers, bookings, coupons, and DELETE on an appointment, which cancels it."""

from datetime import datetime

from simulator.answers import Answer, invalid, no_content, not_found, reply, server_error
from simulator.call import Call, whole_number
from simulator.columns import STATUSES
from simulator.pen import as_datetime
from simulator.zones import DAY

_REQUIRED = "This field is required."
_UNKNOWN = "The selected value is invalid."
_COUPON_LIMITS = ("usage_limit", "limit_per_user", "booking_limit_amount")


def create_customer(call: Call) -> Answer:
    """Answer POST /customers: the id, or 422 for what is missing."""
    body = call.json()
    missing = {name: _REQUIRED for name in ("first_name", "last_name", "email") if not body.get(name)}
    if missing:
        return invalid(**missing)
    texts = {name: str(body[name]) for name in ("first_name", "last_name", "email")}
    phone = str(body["phone"]) if body.get("phone") else None
    number = call.shop.add_customer(texts["first_name"], texts["last_name"], email=texts["email"], phone=phone)
    return reply({"id": int(number)}, 201)


def update_customer(call: Call) -> Answer:
    """A partial body is a server error in the real API; all four fields must come together."""
    body = call.json()
    if not _known_customer(call, call.record_id):
        return not_found()
    if any(name not in body for name in ("first_name", "last_name", "email", "phone")):
        return server_error()
    call.shop.rename_customer(
        call.record_id or 0, str(body["first_name"]), str(body["last_name"]), email=body["email"], phone=body["phone"]
    )
    return reply({"id": call.record_id})


def delete_customer(call: Call) -> Answer:
    """Answer DELETE /customers/{id}."""
    if not _known_customer(call, call.record_id):
        return not_found()
    call.shop.delete_customer(call.record_id or 0)
    return no_content()


def cancel_appointment(call: Call) -> Answer:
    """Answer DELETE /appointments/{id}, which cancels and does not delete."""
    row = None if call.record_id is None else call.state.book.appointment_row(call.record_id)
    if row is None or row not in call.state.rows:
        return not_found()
    call.shop.cancel(call.record_id or 0)
    return no_content()


def create_booking(call: Call) -> Answer:
    """The customer must exist; date and time are the shop's wall clock."""
    body = call.json()
    names = ("service", "employee", "customer", "date", "time")
    missing = {name: _REQUIRED for name in names if body.get(name) in (None, "")}
    if missing:
        return invalid(**missing)
    service, employee, customer = (whole_number(body[name]) for name in names[:3])
    wrong = {}
    if service not in [known.number for known in call.state.services()]:
        wrong["service"] = _UNKNOWN
    if employee not in [known.number for known in call.state.employees()]:
        wrong["employee"] = _UNKNOWN
    if not _known_customer(call, customer):
        wrong["customer"] = _UNKNOWN
    starts_at = _moment(call, f"{body['date']} {body['time']}")
    if starts_at is None:
        wrong["date"] = "The date does not match the format Y-m-d, or the time H:i."
    if wrong or starts_at is None:
        return invalid(**wrong)
    code = body.get("status")
    status = STATUSES[code] if isinstance(code, int) and 0 <= code < len(STATUSES) else "approved"
    number = call.shop.add_appointment(
        starts_at=starts_at, service_id=service, employee_id=employee, customer_ids=[customer or 0], status=status
    )
    return reply({"id": int(number)}, 201)


def create_coupon(call: Call) -> Answer:
    """The numeric limits must be present, null or not."""
    body = call.json()
    if any(name not in body for name in _COUPON_LIMITS):
        return server_error()
    missing = {name: _REQUIRED for name in ("code", "discount_value", "expiration_date") if not body.get(name)}
    if missing:
        return invalid(**missing)
    coupons = call.shop.edits.coupons
    coupons.add(max(coupons, default=8) + 1)
    return reply({"id": max(coupons)}, 201)


def delete_coupon(call: Call) -> Answer:
    """Answer DELETE /coupons/{id}."""
    if call.record_id not in call.shop.edits.coupons:
        return not_found()
    call.shop.edits.coupons.remove(call.record_id)
    return no_content()


def _known_customer(call: Call, number: int | None) -> bool:
    row = None if number is None else call.state.book.customer_row(number)
    return row is not None and row in call.state.customers


def _moment(call: Call, text: str) -> datetime | None:
    """A wall-clock date and time of the shop, as an instant."""
    try:
        wall = datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - the zone is the shop's, applied below
    except ValueError:
        return None
    seconds = wall.toordinal() * DAY + wall.hour * 3600 + wall.minute * 60
    return as_datetime(call.shop.plan.zone.instant(seconds - datetime(1970, 1, 1).toordinal() * DAY))  # noqa: DTZ001
