"""Rows of the shop as the records that the API shows."""

from typing import Any

import orjson

from simulator.business import Employee, Location, Service
from simulator.columns import Ints
from simulator.modes import Modes
from simulator.pen import Pen
from simulator.people import People
from simulator.plan import Plan
from simulator.state import State


class Renderer:
    """Made for one book: names and small objects are written once and used on every page."""

    def __init__(self, plan: Plan, modes: Modes, people: People) -> None:
        self._plan = plan
        self._modes = modes
        self._people = people
        self.pen = Pen(modes, plan.place, plan.zone)
        self._written: dict[tuple[str, int], orjson.Fragment] = {}

    def appointments(self, state: State, rows: Ints) -> list[Any]:
        """Return the records of these rows as the list shows them."""
        base, pen = state.book.appointments, self.pen
        start = state.start[rows]
        columns = zip(
            rows.tolist(),
            base.number[rows].tolist(),
            state.status[rows].tolist(),
            pen.times(start),
            pen.times(start + state.minutes[rows].astype("i8") * 60),
            pen.times(base.created[rows]),
            state.note[rows].tolist(),
            state.service[rows].tolist(),
            state.location[rows].tolist(),
            strict=True,
        )
        return [
            {
                "id": pen.number(number),
                "status": pen.status(status),
                "start_date_time": starts,
                "end_date_time": ends,
                "created_at": created,
                "note": state.book.notes[note],
                "service": self._service_name(state, service),
                **self._location_name(location),
                "employees": self._employee_names(state, row),
                "bookings": self._bookings(state, row),
                **(_EXTENDED if self._modes.extended_fields == "present" else {}),
            }
            for row, number, status, starts, ends, created, note, service, location in columns
        ]

    def customers(self, rows: Ints, numbers: Ints) -> list[Any]:
        """Return the records of these rows as the list shows them: without birthday and gender."""
        return [self._customer(row, number) for row, number in zip(rows.tolist(), numbers[rows].tolist(), strict=True)]

    def customer_in_full(self, row: int, number: int) -> dict[str, Any]:
        """Return a customer as a read by id shows them."""
        birthday = self._people.birthday(row)
        more = {"birthday": birthday.isoformat() if birthday else None, "gender": self._people.gender(row)}
        return {**self._customer(row, number), **more}

    def employee(self, employee: Employee) -> dict[str, Any]:
        """Return an employee's record."""
        return {
            "id": self.pen.number(employee.number),
            "first_name": employee.first_name,
            "last_name": employee.last_name,
            "email": employee.email,
            "phone_number": employee.phone,
            "phone_country_code": self.pen.phone_country_code(employee.phone),
            "timezone": employee.timezone,
        }

    def service(self, service: Service, moment: int) -> dict[str, Any]:
        """Return a service's record with the price of that moment (epoch seconds)."""
        return {
            "id": self.pen.number(service.number),
            "name": service.name,
            "price": self.pen.price(service.price_at(moment)),
            "duration": self.pen.duration(service.minutes),
            "buffer_time_before": self.pen.duration(service.buffer_before),
            "buffer_time_after": self.pen.duration(service.buffer_after),
        }

    def location(self, location: Location) -> dict[str, Any]:
        """Return a location's record."""
        return {
            "id": self.pen.number(location.number),
            "name": location.name,
            "address": location.address,
            "phone_number": location.phone,
        }

    def _customer(self, row: int, number: int) -> dict[str, Any]:
        person = self._people.person(row)
        return {
            "id": self.pen.number(number),
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "phone_number": person.phone,
            "phone_country_code": self.pen.phone_country_code(person.phone),
        }

    def _bookings(self, state: State, row: int) -> list[dict[str, Any]]:
        pen, bookings, customers = self.pen, state.book.bookings, state.book.customers
        shown = [
            {
                "id": pen.number(int(bookings.number[booking])),
                "status": pen.status(state.status_of_booking(row, booking), of_booking=True),
                "additional_persons": int(bookings.extra_persons[booking]),
                "customer": self._booked_by(int(bookings.customer[booking]), customers.number),
            }
            for booking in state.bookings_of(row)
        ]
        if shown or self._modes.no_customer == "no_bookings":
            return shown
        number, status = int(state.book.appointments.number[row]), int(state.status[row])
        return [
            {
                "id": pen.number(500_000_000 + number),
                "status": pen.status(status, of_booking=True),
                "additional_persons": 0,
                "customer": None,
            }
        ]

    def _booked_by(self, row: int, numbers: Ints) -> dict[str, Any]:
        person = self._people.person(row)
        return {
            "id": self.pen.number(int(numbers[row])),
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
        }

    def _employee_names(self, state: State, row: int) -> list[orjson.Fragment]:
        if self._modes.employees == "empty":
            return []
        chosen = (int(state.employee[row]), int(state.assistant[row]))
        return [self._employee_name(state.book.employees[position], position) for position in chosen if position >= 0]

    def _employee_name(self, employee: Employee, position: int) -> orjson.Fragment:
        names = {"first_name": employee.first_name, "last_name": employee.last_name}
        return self._fragment("employee", position, {"id": self.pen.number(employee.number), **names})

    def _service_name(self, state: State, position: int) -> orjson.Fragment:
        service = state.book.services[position]
        return self._fragment("service", position, {"id": self.pen.number(service.number), "name": service.name})

    def _location_name(self, position: int) -> dict[str, Any]:
        if position >= 0 and self._modes.locations == "on":
            place = self._plan.locations[position]
            shown = {"id": self.pen.number(place.number), "name": place.name}
            return {"location": self._fragment("location", position, shown)}
        if self._modes.no_location == "absent":
            return {}
        return {"location": None if self._modes.no_location == "null" else {}}

    def _fragment(self, kind: str, position: int, value: dict[str, Any]) -> orjson.Fragment:
        key = (kind, position)
        if key not in self._written:
            self._written[key] = orjson.Fragment(orjson.dumps(value))
        return self._written[key]


_EXTENDED: dict[str, Any] = {
    "uuid": "6f0d1a52-5c0e-4a5e-9a53-0d6a1b9f7c11",
    "online_meeting_url": None,
    "custom_fields": [{"label": "Beard oil?", "value": "yes", "nested": {"deep": [1, 2, {"deeper": True}]}}],
}
