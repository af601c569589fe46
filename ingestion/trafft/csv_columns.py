"""Which column of a Trafft export is which field: by its heading, by another name of it, or as the user says.

The user of Trafft chooses the columns, their order and the language of an export, so nothing is known by its place.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from ingestion.csv_text import CsvProblem


@dataclass(frozen=True)
class Layout:
    """The fields of one list: each with its headings in the order in which they are preferred."""

    resource: str
    headings: Mapping[str, tuple[str, ...]]
    required: Mapping[str, str]
    """Field → what to do when the export has no such column."""


APPOINTMENTS_LAYOUT = Layout(
    resource="appointments",
    headings={
        "id": ("Appointment ID", "ID", "Appointment", "Appointment Number", "Appointment No"),
        "date": (
            "Date",
            "Start Date Time",
            "Appointment Start Date Time",
            "Start Date",
            "Appointment Start Date",
            "Appointment Date",
            "Date Time",
            "Date and Time",
            "Start",
            "Starts At",
        ),
        "time": ("Time", "Start Time", "Appointment Start Time", "Appointment Time"),
        "end": ("End Date Time", "Appointment End Date Time", "Ends At", "End", "End Time", "Appointment End Time"),
        "duration": ("Duration", "Service Duration"),
        "status": ("Status", "Appointment Status"),
        "service": ("Service", "Service Name"),
        "category": ("Service Category", "Category"),
        "employee": ("Employee", "Employee Name", "Employee Full Name", "Staff"),
        "employee_email": ("Employee Email",),
        "location": ("Location", "Location Name"),
        "customer": ("Customer", "Customer Name", "Customer Full Name", "Client"),
        "customer_first_name": ("Customer First Name",),
        "customer_last_name": ("Customer Last Name",),
        "customer_email": ("Customer Email", "Email"),
        "customer_phone": ("Customer Phone", "Customer Phone Number", "Phone", "Phone Number"),
        "price": ("Price", "Appointment Price"),
        "note": ("Note", "Notes", "Internal Note"),
        "booked": ("Created", "Created At", "Booked At", "Booked On"),
        "cancel_reason": ("Reason for Canceling", "Cancel Reason", "Cancellation Reason"),
        "booking_uuid": ("Booking UUID",),
        "meeting_link": ("Online Meeting Link", "Meeting Link"),
        "recurring": ("Recurring",),
    },
    required={
        "id": "Without it an appointment could not be known again at the next import. Export it with the column "
        "Appointment ID",
        "date": "An appointment without a start has no place in any day. Export it with the columns Date and Time",
    },
)
CUSTOMERS_LAYOUT = Layout(
    resource="customers",
    headings={
        "id": ("Customer ID", "ID", "Customer Number"),
        "name": ("Name", "Customer", "Full Name", "Customer Name", "Customer Full Name"),
        "first_name": ("First Name", "Customer First Name"),
        "last_name": ("Last Name", "Customer Last Name", "Surname"),
        "email": ("Email", "Customer Email", "Email Address"),
        "phone": ("Phone", "Phone Number", "Customer Phone", "Customer Phone Number", "Mobile"),
        "phone_country_code": ("Phone Country Code", "Country Code"),
        "birthday": ("Birthday", "Date of Birth"),
        "gender": ("Gender",),
    },
    required={},
)
LAYOUTS = {layout.resource: layout for layout in (APPOINTMENTS_LAYOUT, CUSTOMERS_LAYOUT)}


@dataclass(frozen=True)
class Columns:
    """Field → index of its column, and the columns that are no field of ours."""

    layout: Layout
    headings: Sequence[str]
    places: Mapping[str, int]

    @cached_property
    def mapping(self) -> dict[str, str]:
        """Field → heading, for a person."""
        return {field: self.headings[place] for field, place in self.places.items()}

    @cached_property
    def others(self) -> dict[str, int]:
        """Heading → index of the columns that are kept as they are; a heading that comes twice gets a number."""
        taken = set(self.places.values())
        others: dict[str, int] = {}
        for place, heading in enumerate(self.headings):
            if place not in taken:
                name = heading or "column"
                others[f"{name} ({place + 1})" if name in others or not heading else name] = place
        return others


def map_columns(layout: Layout, headings: Sequence[str], chosen: Mapping[str, str]) -> Columns:
    """Find each field's column; `chosen` is field → heading as the user says.

    Raises `CsvProblem` for a field or heading that does not exist, for one that stands twice, for one column that is
    to be two fields, and when a required column is missing.
    """
    if unknown := sorted(set(chosen) - set(layout.headings)):
        raise CsvProblem(
            f"{unknown[0]!r} is no field of {layout.resource}. The fields are {', '.join(layout.headings)}."
        )
    known: dict[str, list[int]] = {}
    for place, heading in enumerate(headings):
        known.setdefault(_plain(heading), []).append(place)
    places = {field: _chosen_place(field, heading, headings, known) for field, heading in chosen.items()}
    if len(set(places.values())) < len(places):
        raise CsvProblem("Two fields were given the same column. Give each its own with --column.")
    for field, aliases in layout.headings.items():
        for alias in aliases if field not in places else ():
            found = [place for place in known.get(_plain(alias), []) if place not in places.values()]
            if found:
                places[field] = _only(found, field, alias)
                break
    columns = Columns(layout, headings, {field: places[field] for field in layout.headings if field in places})
    _require(columns)
    return columns


def _chosen_place(field: str, heading: str, headings: Sequence[str], known: Mapping[str, list[int]]) -> int:
    found = known.get(_plain(heading), [])
    if not found:
        near = get_close_matches(heading, headings, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Its headings are {', '.join(map(repr, headings))}."
        raise CsvProblem(f"The file has no column {heading!r} for {field}. {hint}")
    return _only(found, field, heading)


def _only(places: Sequence[int], field: str, heading: str) -> int:
    if len(places) > 1:
        raise CsvProblem(
            f"The heading {heading!r} for {field} stands {len(places)} times in the file (columns "
            f"{', '.join(str(place + 1) for place in places)}). Rename one of them, or export it once."
        )
    return places[0]


def _require(columns: Columns) -> None:
    headings = ", ".join(map(repr, columns.headings))
    for field, advice in columns.layout.required.items():
        if field not in columns.places:
            raise CsvProblem(
                f"The file has no column for {field}. {advice}, or say which one it is: "
                f'--column "{field}=HEADING". Its headings are {headings}.'
            )
    if columns.layout is CUSTOMERS_LAYOUT and not set(columns.places) & {"name", "first_name", "last_name", "email"}:
        raise CsvProblem(
            "The file has no column for a customer's name or email. Export it with these columns, or say which they "
            f'are: --column "name=HEADING". Its headings are {headings}.'
        )


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]", "", heading).casefold()
