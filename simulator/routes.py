"""What exists below the API path: for each address the methods it takes and the function that answers."""

from collections.abc import Callable, Mapping

from simulator.answers import Answer
from simulator.availability import available_times
from simulator.call import Call
from simulator.lists import list_records
from simulator.records import read_record
from simulator.writes import (
    cancel_appointment,
    create_booking,
    create_coupon,
    create_customer,
    delete_coupon,
    delete_customer,
    update_customer,
)

Methods = Mapping[str, Callable[[Call], Answer]]

COLLECTIONS: Mapping[str, Methods] = {
    "appointments": {"GET": list_records},
    "customers": {"GET": list_records, "POST": create_customer},
    "employees": {"GET": list_records},
    "locations": {"GET": list_records},
    "services": {"GET": list_records},
    "bookings": {"POST": create_booking},
    "available-times": {"GET": available_times},
    "coupons": {"POST": create_coupon},
}
RECORDS: Mapping[str, Methods] = {
    "appointments": {"DELETE": cancel_appointment},  # the real API has no way to read one
    "customers": {"GET": read_record, "PATCH": update_customer, "DELETE": delete_customer},
    "employees": {"GET": read_record},
    "locations": {"GET": read_record},
    "services": {"GET": read_record},
    "coupons": {"DELETE": delete_coupon},
}


def methods_at(segments: list[str]) -> Methods | None:
    """`["customers", "731"]` and the like; None where the API has nothing."""
    if len(segments) == 1:
        return COLLECTIONS.get(segments[0])
    return RECORDS.get(segments[0]) if len(segments) == 2 else None
