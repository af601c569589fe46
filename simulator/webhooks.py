"""What Trafft posts when something happens: flat fields written for people, in the style the account has chosen.

No event name, no ids of service, barber or client in them; what happened only the address says that Trafft posts to.
`Postman` makes the deliveries, `simulator.webhook_storms` loses, doubles, delays and shuffles them. Nothing is sent.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson

from simulator.shop import Shop
from simulator.truth import Truth, TruthAppointment, TruthBooking, TruthCustomer

Event = Literal[
    "appointment.booked",
    "appointment.canceled",
    "appointment.rescheduled",
    "appointment.status_changed",
    "appointment.reminder",
    "customer.created",
]
STATUS_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "approved": "Approved",
        "pending": "Pending",
        "canceled": "Canceled",
        "rejected": "Rejected",
        "no-show": "No-show",
    },
    "de": {
        "approved": "Bestätigt",
        "pending": "Ausstehend",
        "canceled": "Abgesagt",
        "rejected": "Abgelehnt",
        "no-show": "Nicht erschienen",
    },
    "fr": {
        "approved": "Approuvé",
        "pending": "En attente",
        "canceled": "Annulé",
        "rejected": "Rejeté",
        "no-show": "Absent",
    },
}


@dataclass(frozen=True)
class Style:
    """The account's date and money settings, its language, and how custom fields and extras are encoded."""

    dates: Literal["words", "slashes", "iso"] = "words"
    money: Literal["symbol", "comma", "bare"] = "symbol"
    language: Literal["en", "de", "fr"] = "en"
    custom_fields: Literal["absent", "json", "indexed"] = "absent"


@dataclass(frozen=True)
class Delivery:
    """One post: which event's address it goes to, its fields, and when it was sent (aware UTC).

    `relayed` is the same as a relay that signs its posts would put it: fewer fields, plain values.
    """

    event: Event
    fields: Mapping[str, str] = field(hash=False)
    sent_at: datetime
    relayed: Mapping[str, Any] = field(hash=False)

    @property
    def form(self) -> bytes:
        """The body as it travels."""
        return urlencode(self.fields).encode()

    @property
    def json(self) -> bytes:
        """The body of the relay."""
        return orjson.dumps({"event_type": self.event, "data": self.relayed})


class Postman:
    """Writes the deliveries of one shop, as things stand there now."""

    def __init__(self, shop: Shop, style: Style | None = None) -> None:
        self._shop = shop
        self._style = style or Style()
        self._zone = ZoneInfo(shop.timezone)

    def booked(self, appointment_id: str) -> list[Delivery]:
        return self._tell("appointment.booked", appointment_id)

    def canceled(self, appointment_id: str, reason: str = "Sick") -> list[Delivery]:
        return self._tell("appointment.canceled", appointment_id, reasonForCanceling=reason)

    def rescheduled(self, appointment_id: str) -> list[Delivery]:
        return self._tell("appointment.rescheduled", appointment_id)

    def status_changed(self, appointment_id: str) -> list[Delivery]:
        return self._tell("appointment.status_changed", appointment_id)

    def reminder(self, appointment_id: str) -> list[Delivery]:
        """The timed reminder, which says what `booked` said."""
        return self._tell("appointment.reminder", appointment_id)

    def customer_created(self, customer_id: str) -> list[Delivery]:
        truth = self._shop.truth()
        customer = next(each for each in truth.customers if each.id == str(customer_id))
        return [_created(customer, truth.at)]

    def news(self, before: Truth) -> list[Delivery]:
        """Everything that Trafft would have told since: what is new, canceled, moved, or has another status.

        A deletion is told nobody, nor is a change of a name, a service or a price.
        """
        now = self._shop.truth()
        known = {each.id: each for each in before.appointments}
        customers = {each.id for each in before.customers}
        deliveries = [_created(customer, now.at) for customer in now.customers if customer.id not in customers]
        for appointment in now.appointments:
            if event := _happened(known.get(appointment.id), appointment):
                more = {"reasonForCanceling": "Sick"} if event == "appointment.canceled" else {}
                deliveries += self._deliveries(now, appointment, event, more)
        return deliveries

    def _tell(self, event: Event, appointment_id: str, **more: str) -> list[Delivery]:
        truth = self._shop.truth()
        appointment = next(each for each in truth.appointments if each.id == str(appointment_id))
        return list(self._deliveries(truth, appointment, event, more))

    def _deliveries(
        self, truth: Truth, appointment: TruthAppointment, event: Event, more: Mapping[str, str]
    ) -> Iterator[Delivery]:
        """One for each client of the appointment, each with its own status and price; one without a client if none."""
        customers = {each.id: each for each in truth.customers}
        for booking in appointment.bookings or (None,):
            fields = {
                **self._appointment(truth, appointment, booking),
                **_client(customers.get(booking.customer_id) if booking else None),
                **self._people_and_places(truth, appointment),
                **self._custom_fields(),
                **more,
            }
            yield Delivery(event, fields, truth.at, _relayed(truth, appointment, booking, fields))

    def _appointment(self, truth: Truth, appointment: TruthAppointment, booking: TruthBooking | None) -> dict[str, str]:
        status = booking.status if booking and appointment.status == "approved" else appointment.status
        uuid_of = f"{self._shop.client_id}/{booking.id if booking else appointment.id}"
        service = next(each for each in truth.services if each.id == appointment.service_id)
        seats = 1 + (booking.additional_persons if booking else 0)
        return {
            "appointmentId": appointment.id,
            "appointmentStatus": STATUS_WORDS[self._style.language][status],
            **self._times("appointmentStart", appointment.starts_at),
            **self._times("appointmentEnd", appointment.ends_at),
            "appointmentPrice": self.amount(service.price_at(appointment.created_at) * seats),
            "bookingUuid": str(uuid.uuid5(uuid.NAMESPACE_URL, uuid_of)),
            "serviceCategory": "Beard" if "beard" in service.name.lower() else "Haircuts",
            "serviceName": service.name,
            "serviceDuration": _length(service.duration_minutes),
            "servicePrice": self.amount(service.price_at(appointment.created_at)),
        }

    def _people_and_places(self, truth: Truth, appointment: TruthAppointment) -> dict[str, str]:
        employee = next((each for each in truth.employees if each.id in appointment.employee_ids[:1]), None)
        place = next((each for each in truth.locations if each.id == appointment.location_id), None)
        return {
            **_person("employee", employee),
            "locationName": place.name if place else "-",
            "locationAddress": place.address if place else "-",
            "locationPhone": place.phone_number if place else "-",
        }

    def _times(self, name: str, moment: datetime) -> dict[str, str]:
        date, clock = self.date_and_time(moment)
        return {f"{name}Date": date, f"{name}Time": clock, f"{name}DateTime": f"{date} {clock}"}

    def date_and_time(self, moment: datetime) -> tuple[str, str]:
        """A moment on the wall of the shop, in the account's style."""
        local = moment.astimezone(self._zone)
        half = "am" if local.hour < 12 else "pm"
        clock = f"{local.hour % 12 or 12}:{local.minute:02d} {half}"
        if self._style.dates == "words":
            return f"{local:%B} {local.day}, {local.year}", clock
        if self._style.dates == "slashes":
            return f"{local:%d/%m/%Y}", clock.upper()
        return f"{local:%Y-%m-%d}", f"{local:%H:%M}"

    def amount(self, amount: Decimal) -> str:
        """An amount in the account's style."""
        place = self._shop.place
        text = f"{amount:,.{place.exponent}f}"
        if self._style.money == "comma":
            return f"{text.translate(str.maketrans(',.', '.,'))} {place.symbol}"
        if self._style.money == "bare" and amount == amount.to_integral():
            return f"{place.symbol}{amount:,.0f}"
        return f"{place.symbol}{text}"

    def _custom_fields(self) -> dict[str, str]:
        if self._style.custom_fields == "json":
            return {"customFields": '[{"label":"Drink","value":"Coffee"}]', "extras": "[]"}
        if self._style.custom_fields == "indexed":
            return {"customFields[0][label]": "Drink", "customFields[0][value]": "Coffee"}
        return {}


def _created(customer: TruthCustomer, at: datetime) -> Delivery:
    fields = {"customerId": customer.id, **_client(customer)}
    return Delivery("customer.created", fields, at, {"id": customer.id, **_relayed_client(fields)})


def _relayed(
    truth: Truth, appointment: TruthAppointment, booking: TruthBooking | None, fields: Mapping[str, str]
) -> dict[str, Any]:
    service = next(each for each in truth.services if each.id == appointment.service_id)
    status = booking.status if booking and appointment.status == "approved" else appointment.status
    return {
        "id": appointment.id,
        **_relayed_client(fields),
        "employeeName": fields["employeeFullName"],
        "serviceName": service.name,
        "dateTime": appointment.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration": int((appointment.ends_at - appointment.starts_at).total_seconds() // 60),
        "price": float(service.price_at(appointment.created_at) * (1 + (booking.additional_persons if booking else 0))),
        "status": {"approved": "confirmed", "canceled": "cancelled"}.get(status, status),
    }


def _relayed_client(fields: Mapping[str, str]) -> dict[str, str]:
    names = {"customerName": "customerFullName", "customerEmail": "customerEmail", "customerPhone": "customerPhone"}
    return {name: fields[field_name] for name, field_name in names.items()}


def _happened(before: TruthAppointment | None, now: TruthAppointment) -> Event | None:
    if before is None:
        return "appointment.booked"
    if before.status != now.status:
        return "appointment.canceled" if now.status == "canceled" else "appointment.status_changed"
    if (before.starts_at, before.ends_at) != (now.starts_at, now.ends_at):
        return "appointment.rescheduled"
    return None if before.bookings == now.bookings else "appointment.status_changed"


def _client(customer: TruthCustomer | None) -> dict[str, str]:
    return _person("customer", customer)


def _person(kind: str, person: Any) -> dict[str, str]:
    names = (person.first_name, person.last_name) if person else ("-", "-")
    return {
        f"{kind}FullName": " ".join(names) if person else "-",
        f"{kind}FirstName": names[0] or "-",
        f"{kind}LastName": names[1] or "-",
        f"{kind}Email": (person.email if person else None) or "-",
        f"{kind}Phone": (person.phone_number if person else None) or "-",
    }


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours}h" if hours else "", f"{rest}min" if rest else "") if part)
