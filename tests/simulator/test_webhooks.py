"""What the false Trafft posts: the six events in every style, and the ways in which posts arrive."""

import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs

import pytest

from simulator.clock import Clock
from simulator.shop import Shop
from simulator.webhook_storms import Storm
from simulator.webhooks import STATUS_WORDS, Postman, Style


@pytest.fixture
def appointment_id(shop: Shop) -> str:
    """An appointment of one client, tomorrow at two."""
    return shop.add_appointment(starts_at=shop.clock.now() + timedelta(days=1, hours=7))


def test_a_booking_is_told_with_all_its_fields_as_text(shop: Shop, appointment_id: str) -> None:
    [delivery] = Postman(shop).booked(appointment_id)
    told = {key: values[0] for key, values in parse_qs(delivery.form.decode()).items()}
    assert (told["appointmentId"], told["appointmentStatus"]) == (appointment_id, "Approved")
    assert told["appointmentStartDateTime"] == "March 3, 2026 2:00 pm"
    service = shop.truth().services[0]
    assert told["appointmentPrice"] == f"${service.price:.2f}"
    assert told["serviceName"] == service.name
    assert {"customerEmail", "employeeEmail", "bookingUuid", "locationName", "serviceCategory"} <= told.keys()
    assert not {"event", "serviceId", "employeeId", "customerId"} & told.keys()
    relayed = json.loads(delivery.json)["data"]
    assert (relayed["id"], relayed["status"], relayed["dateTime"]) == (
        appointment_id,
        "confirmed",
        "2026-03-03T19:00:00Z",
    )


@pytest.mark.parametrize(
    ("style", "start", "price"),
    [
        (Style(), "March 3, 2026 2:00 pm", "$1,234.50"),
        (Style(dates="slashes", money="comma"), "03/03/2026 2:00 PM", "1.234,50 $"),
        (Style(dates="iso", money="bare"), "2026-03-03 14:00", "$1,234.50"),
    ],
)
def test_dates_and_money_follow_the_account(
    shop: Shop, appointment_id: str, style: Style, start: str, price: str
) -> None:
    postman = Postman(shop, style)
    assert postman.booked(appointment_id)[0].fields["appointmentStartDateTime"] == start
    assert postman.amount(Decimal("1234.50")) == price
    assert Postman(shop, Style(money="bare")).amount(Decimal(38)) == "$38"


@pytest.mark.parametrize("language", STATUS_WORDS)
def test_a_cancellation_says_why_in_the_language_of_the_account(shop: Shop, appointment_id: str, language: str) -> None:
    shop.cancel(appointment_id)
    style = Style(language=language)  # type: ignore[arg-type]  # the keys are the languages
    [delivery] = Postman(shop, style).canceled(appointment_id)
    assert delivery.fields["appointmentStatus"] == STATUS_WORDS[language]["canceled"]
    assert delivery.fields["reasonForCanceling"] == "Sick"


def test_each_client_of_a_group_is_told_of_with_a_booking_of_its_own(shop: Shop) -> None:
    clients = [each.id for each in shop.truth().customers[:2]]
    group = shop.add_appointment(starts_at=shop.clock.now(), customer_ids=clients)
    first, second = Postman(shop).booked(group)
    assert first.fields["bookingUuid"] != second.fields["bookingUuid"]
    assert first.fields["customerFullName"] != second.fields["customerFullName"]


def test_custom_fields_come_as_text_or_as_indexed_keys(shop: Shop, appointment_id: str) -> None:
    as_text = Postman(shop, Style(custom_fields="json")).booked(appointment_id)[0].fields
    indexed = Postman(shop, Style(custom_fields="indexed")).booked(appointment_id)[0].fields
    assert json.loads(as_text["customFields"]) == [{"label": "Drink", "value": "Coffee"}]
    assert indexed["customFields[0][label]"] == "Drink"


def test_the_news_are_what_has_happened_since(shop: Shop, clock: Clock, appointment_id: str) -> None:
    before = shop.truth()
    clock.advance(timedelta(minutes=1))
    booked = shop.add_appointment(starts_at=clock.now() + timedelta(days=2))
    shop.reschedule(appointment_id, clock.now() + timedelta(days=3))
    customer = shop.add_customer("Ola", "Berg")
    told = {
        (each.event, each.fields.get("appointmentId", each.fields.get("customerId")))
        for each in Postman(shop).news(before)
    }
    assert told >= {
        ("appointment.booked", booked),
        ("appointment.rescheduled", appointment_id),
        ("customer.created", customer),
    }
    before = shop.truth()
    shop.cancel(booked)
    shop.mark_no_show(appointment_id)
    assert {(each.event, each.fields["appointmentId"]) for each in Postman(shop).news(before)} == {
        ("appointment.canceled", booked),
        ("appointment.status_changed", appointment_id),
    }
    assert Postman(shop).news(shop.truth()) == []


def test_a_storm_is_the_same_for_the_same_seed_and_loses_doubles_and_delays(shop: Shop, appointment_id: str) -> None:
    deliveries = Postman(shop).reminder(appointment_id) * 1000
    arrivals = Storm().arrivals(deliveries, seed=1)
    assert arrivals == Storm().arrivals(deliveries, seed=1)
    assert arrivals != Storm().arrivals(deliveries, seed=2)
    assert 850 < len(arrivals) < 970  # 1000 * 0.7 * 1.3
    assert [each.at for each in arrivals] == sorted(each.at for each in arrivals)
    assert arrivals[-1].at - deliveries[0].sent_at > timedelta(hours=40)
    assert len(Storm(lost=0, doubled=0).arrivals(deliveries, seed=1)) == 1000
