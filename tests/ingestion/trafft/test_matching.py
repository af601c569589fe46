"""Whom a text means: the surest mark decides, and whoever is not the only one is nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.trafft.directory import read_directory
from ingestion.trafft.matching import Candidate, Matcher, phone_digits
from ingestion.trafft.models import CUSTOMERS, EMPLOYEES, SERVICES
from tests.ingestion.raw_log import INTEGRATION_ID, TABLES, RawLog, open_raw_log

NOAH = Candidate("731", "Noah Reyes", "noah.reyes@example.com", "+1 813-555-0142")
THEO = Candidate("702", "Theo Lang", None, "+18135550177")
MIA = Candidate("640", "Mia Lang", "family@example.com", "+4915112345678")
JON = Candidate("641", "Jon Lang", "family@example.com", "+4915112345678")
NAMESAKE = Candidate("642", "Theo Lang", "theo@example.com", None)
PEOPLE = Matcher([NOAH, THEO, MIA, JON, NAMESAKE])


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ({"email": "Noah.Reyes@Example.com "}, "731"),
        ({"email": "noah.reyes@example.com", "name": "Somebody Else"}, "731"),
        ({"email": "nobody@example.com", "phone": "(813) 555-0142"}, "731"),
        ({"phone": "001 813 555 0142"}, "731"),
        ({"phone": "0151 12345678", "name": "Mia Lang"}, "640"),
        ({"email": "family@example.com"}, None),
        ({"email": "family@example.com", "name": "jon  lang"}, "641"),
        ({"email": "family@example.com", "name": "Ada Lang"}, None),
        ({"name": "Noah Reyes"}, "731"),
        ({"name": "noah reyes"}, "731"),
        ({"name": "Theo Lang"}, None),
        ({"name": "Theo Lang", "email": "theo@example.com"}, "642"),
        ({"name": "Noah Reyes", "email": "another.noah@example.com"}, None),
        ({"name": "Noah Reyes", "phone": "+49 30 1234567"}, None),
        ({"name": "Nobody"}, None),
        ({"email": "-", "phone": "-", "name": "-"}, None),
        ({"email": "", "phone": "142", "name": " "}, None),
        ({}, None),
    ],
)
def test_the_surest_mark_decides_and_several_are_nobody(marks: dict[str, str], found: str | None) -> None:
    assert PEOPLE.find(**marks) == found


def test_an_exact_name_wins_over_one_that_differs_in_case() -> None:
    services = Matcher([Candidate("13", "Skin Fade"), Candidate("14", "SKIN FADE"), Candidate("15", "Cut")])
    assert services.find(name="SKIN FADE") == "14"
    assert services.find(name="skin fade") is None
    assert services.find(name="cut ") == "15"


def test_a_name_without_letters_that_one_may_compare_finds_nobody() -> None:
    assert Matcher([Candidate("1", ""), Candidate("2", None), Candidate("3", " ")]).find(name="") is None


@pytest.mark.parametrize(
    ("phone", "digits"),
    [("+1 (813) 555-0142", "18135550142"), ("00 49 30 1234567", "49301234567"), ("555", None), (None, None)],
)
def test_a_number_is_its_digits(phone: str | None, digits: str | None) -> None:
    assert phone_digits(phone) == digits


texts = st.none() | st.text(max_size=12)
candidates = st.builds(Candidate, st.text("0123456789", min_size=1, max_size=2), texts, texts, texts)


@given(known=st.lists(candidates, max_size=6), email=texts, phone=texts, name=texts)
def test_any_text_finds_somebody_known_or_nobody(
    known: list[Candidate], email: str | None, phone: str | None, name: str | None
) -> None:
    found = Matcher(known).find(email=email, phone=phone, name=name)
    assert found is None or found in {one.external_id for one in known}


@pytest.fixture
def log(database_url: str, tmp_path: Path) -> Iterator[RawLog]:
    with open_raw_log(database_url, tmp_path) as raw_log:
        yield raw_log


@pytest.mark.sql
def test_the_directory_holds_the_latest_versions_that_are_not_gone(log: RawLog) -> None:
    log.look(SERVICES, [{"id": 13, "name": "Fade", "duration": 30}, {"id": 14, "name": "Shave", "duration": 30}])
    log.look(SERVICES, [{"id": 13, "name": "Skin Fade", "duration": 30}])
    log.look(EMPLOYEES, [{"id": 5, "first_name": "Dario", "last_name": "", "email": "dario@example.com"}])
    log.look(CUSTOMERS, [{"id": 731, "first_name": "Noah", "last_name": "Reyes", "phone_number": "+18135550142"}])
    gone_at = log.rows("services", "observed_at")[-1][0].replace(hour=13)
    log.loader().load(log.observer(SERVICES).gone(["14"], gone_at))

    known = read_directory(log.log.connection, TABLES.dataset, INTEGRATION_ID)

    assert known.services.find(name="Skin Fade") == "13"
    assert known.services.find(name="Fade") is None, "it is not called so any more"
    assert known.services.find(name="Shave") is None, "it is gone"
    assert known.employees.find(name="Dario") == known.employees.find(email="DARIO@example.com") == "5"
    assert known.customers.find(phone="813 555 0142", name="Noah R") == "731"
    assert known.locations.find(name="Skin Fade") is None
    assert read_directory(log.log.connection, TABLES.dataset, "another").services.find(name="Skin Fade") is None
