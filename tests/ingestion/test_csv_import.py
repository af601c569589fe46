"""Importing exported files: what enters the log, what is put aside, and that doing it twice changes nothing."""

import json
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.locks import AlreadyRunning, integration_lock
from ingestion.control.sync_operations import history, last_complete_start
from ingestion.control.vault import Vault
from ingestion.csv_import import CsvReport, CsvRequest, import_csv, preview_csv
from ingestion.csv_text import CsvProblem
from ingestion.records import Resource
from ingestion.secrets import Secret
from ingestion.trafft.models import APPOINTMENTS, CUSTOMERS, EMPLOYEES, SERVICES
from tests.ingestion.raw_log import open_raw_log
from tests.ingestion.syncing import KEY_RING

pytestmark = pytest.mark.sql

HEADINGS = [
    *("Appointment ID", "Service", "Customer", "Employee", "Date", "Time", "Duration", "Status", "Price"),
    *("Online Meeting Link", "Recurring"),
]
NOAH = ["18520", "Skin Fade", "Noah Reyes", "Dario Vance", "June 21, 2025", "12:45 pm", "30min", "Approved", "$38.00"]
THEO = ["18519", "Shave", "Theo Lang", "Imani Cole", "June 20, 2025", "5:00 pm", "1h 15min", "Canceled", "$1,055.50"]
STORED = "external_id, status, starts_at, ends_at, service_id, service_name, employee_id, employee_name, price"
NOAH_STORED = (
    "18520",
    "Approved",
    datetime(2025, 6, 21, 16, 45, tzinfo=UTC),
    datetime(2025, 6, 21, 17, 15, tzinfo=UTC),
    "13",
    "Skin Fade",
    "5",
    "Dario Vance",
    Decimal("38"),
)


class Shop:
    """A connected shop in New York with some synced lists, and a folder for its exports."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        with connect(url) as connection:
            self.integration = connect_shop(
                connection,
                Vault.from_ring(KEY_RING),
                name="Elite Cuts",
                base_url="https://elitecuts.admin.trafft.com",
                client_id=Secret("id"),
                client_secret=Secret("secret"),
                timezone="America/New_York",
                currency="USD",
            )
        self.request = CsvRequest(folder / "export.csv", "appointments")

    def sync(self, resource: Resource, *records: Mapping[str, Any]) -> None:
        with open_raw_log(self.url, self.folder / "api", self.integration.id) as log:
            log.look(resource, records)

    def write(self, *rows: Sequence[str], headings: Sequence[str] = HEADINGS, delimiter: str = ",") -> None:
        quoted = (delimiter.join(f'"{cell}"' for cell in [*row, *[""] * (len(headings) - len(row))]) for row in rows)
        self.request.path.write_text("\n".join([delimiter.join(headings), *quoted]))

    def load(self, **options: Any) -> CsvReport:
        return import_csv(self.url, self.folder / "dlt", self.integration.id, replace(self.request, **options))

    def look(self, **options: Any) -> CsvReport:
        return preview_csv(self.url, self.integration.id, replace(self.request, **options))

    def rows(self, columns: str, table: str = "appointments") -> list[tuple[Any, ...]]:
        with connect(self.url) as connection:
            return connection.execute(
                f"select {columns} from raw_trafft.{table} where sync_id not like 'sync-%' order by 1"
            ).fetchall()


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Shop:
    shop = Shop(database_url, tmp_path)
    shop.sync(SERVICES, {"id": 13, "name": "Skin Fade"}, {"id": 14, "name": "Shave"})
    shop.sync(EMPLOYEES, {"id": 5, "first_name": "Dario", "last_name": "Vance"})
    shop.sync(CUSTOMERS, {"id": 731, "first_name": "Noah", "last_name": "Reyes", "email": "noah@example.com"})
    return shop


def outcome(report: CsvReport) -> tuple[int, int, int, int]:
    counts = report.counts
    assert counts.lines == counts.new + counts.changed + counts.unchanged + counts.refused
    return counts.new, counts.changed, counts.unchanged, counts.refused


def test_an_export_becomes_versions_with_the_columns_that_the_api_fills(shop: Shop) -> None:
    shop.write([*NOAH, "https://meet.example/x", "No"], THEO)
    report = shop.load()
    assert outcome(report) == (2, 0, 0, 0)
    [theo, noah] = shop.rows(STORED)
    assert noah == NOAH_STORED
    assert theo[4:] == ("14", "Shave", None, "Imani Cole", Decimal("1055.5"))
    assert (theo[3] - theo[2]).total_seconds() == 75 * 60
    [(_, origin, op, sync_id, bookings, employees, payload)] = shop.rows(
        "external_id, origin, op, sync_id, bookings, employees, payload"
    )[1:]
    assert (origin, op, sync_id) == ("csv", "seen", report.sync_id)
    [booking] = bookings
    assert (booking["customer_id"], booking["customer_first_name"], booking["status"]) == ("731", "Noah", "Approved")
    assert (booking["price"], booking["customer_phone"], booking["booking_id"]) == ("38", None, None)
    assert employees == [{"employee_id": "5", "name": "Dario Vance"}]
    assert (payload["meeting_link"], payload["recurring"]) == ("https://meet.example/x", "No")


STYLES: dict[str, tuple[str, dict[str, Any]]] = {
    "iso and tabs": (
        "recurring\tappointment_id\tDATE\tTime\tduration\tStatus\tPrice\tService\tEmployee\n"
        "No\t18520\t2025-06-21\t12:45\t30\tApproved\t38\tSkin Fade\tDario Vance\n",
        {},
    ),
    "german, mapped by hand": (
        "Termin-Nr.;Beginn;Ende;Zustand;Preis;Leistung;Mitarbeiter\n"
        "18520;21.06.2025 12:45;21.06.2025 13:15;Approved;38,00 €;skin fade;DARIO VANCE\n",
        {
            "columns": {
                "id": "Termin-Nr.",
                "date": "Beginn",
                "end": "Ende",
                "status": "Zustand",
                "price": "Preis",
                "service": "Leistung",
                "employee": "Mitarbeiter",
            }
        },
    ),
    "british, in utf-16": (
        "Appointment ID,Start Date Time,Duration,Status,Price,Service Name,Employee\n"
        "18520,21/06/2025 12:45 PM,30 minutes,Approved,£38.00,Skin Fade,Dario Vance\n",
        {"encoding": "utf-16"},
    ),
    "american, told": (
        "Appointment ID|Date|Time|Status|Price|Service|Employee\n"
        "18520|06/21/2025|12:45 PM - 1:15 PM|Approved|38.00|Skin Fade|Dario Vance\n",
        {"delimiter": "|", "date_order": "mdy", "decimal_mark": "point"},
    ),
    "with an offset": (
        "ID,Start,End,Status,Price,Service,Employee\n"
        "18520,2025-06-21T16:45:00Z,2025-06-21T17:15:00Z,Approved,38.00,Skin Fade,Dario Vance\n",
        {},
    ),
}


@pytest.mark.parametrize("style", STYLES)
def test_the_same_booking_is_stored_alike_from_any_style(shop: Shop, style: str) -> None:
    text, options = STYLES[style]
    shop.request.path.write_text(text, encoding=options.get("encoding", "utf-8"))
    assert outcome(shop.load(**options)) == (1, 0, 0, 0)
    [(*stored, name)] = shop.rows(f"{STORED}, lower(service_name)")
    assert (*stored[:5], *stored[6:7], stored[8]) == (*NOAH_STORED[:5], "5", Decimal("38"))
    assert name == "skin fade"


def test_importing_a_file_twice_appends_nothing(shop: Shop) -> None:
    shop.write(NOAH, THEO, ["18521", "", "", "", "never"])
    assert outcome(shop.load()) == (2, 0, 0, 1)
    before = shop.rows("count(*)"), shop.rows("count(*)", "quarantine")
    assert outcome(shop.load()) == (0, 0, 2, 1)
    assert (shop.rows("count(*)"), shop.rows("count(*)", "quarantine")) == before == ([(2,)], [(1,)])


def test_another_style_of_the_same_bookings_appends_nothing_and_a_change_appends_itself(shop: Shop) -> None:
    shop.write(NOAH, THEO)
    shop.load()
    iso = [*NOAH[:4], "2025-06-21", "12:45", "30", "Approved", "38"]
    shop.write(iso, [*THEO[:7], "Approved", THEO[8]])
    assert outcome(shop.load()) == (0, 1, 1, 0)
    assert sorted(shop.rows("external_id, status")) == [
        ("18519", "Approved"),
        ("18519", "Canceled"),
        ("18520", "Approved"),
    ]


def test_lines_that_cannot_be_read_are_put_aside_with_number_and_reason(shop: Shop) -> None:
    shop.write(
        NOAH,
        ["", *NOAH[1:]],
        ["2", *NOAH[1:4], "31.02.2025", *NOAH[5:]],
        ["3", *NOAH[1:5], "late", *NOAH[6:]],
        ["4", *NOAH[1:5], "", *NOAH[6:]],
        ["5", *NOAH[1:6], "long", *NOAH[7:]],
        ["18520", "Shave", *NOAH[2:]],
        ["x" * 300, *NOAH[1:]],
        NOAH,
        ["6", *NOAH[1:4], "December 31, 9999", "11:00 pm", *NOAH[6:]],
        THEO,
    )
    shop.request.path.write_text(shop.request.path.read_text() + "\nonly,three,cells")
    report = shop.load(date_order="dmy")
    assert outcome(report) == (2, 0, 1, 9)
    told = {refused.line: refused.reason for refused in report.refused}
    assert list(told) == [3, 4, 5, 6, 7, 8, 9, 11, 13]
    for line, reason in {
        3: "id: missing",
        4: "date: '31.02.2025' is no day of the calendar",
        5: "time: expected a time such as 14:30 or 2:30 pm, got 'late'",
        6: "time: missing",
        7: "duration: expected a duration",
        8: "stands on line 2 already and says otherwise there",
        9: "at most 255 characters",
        13: "it has 3 columns where the headings are 11",
    }.items():
        assert reason in told[line]
    quarantined = shop.rows("reason, resource, payload", "quarantine")
    assert {reason for reason, _, _ in quarantined} == {f"line {line}: {reason}" for line, reason in told.items()}
    payload = json.loads(next(payload for reason, _, payload in quarantined if reason.startswith("line 4:")))
    assert payload["cells"]["Date"] == "31.02.2025"


def test_a_price_that_is_no_amount_is_unknown_and_kept_as_text(shop: Shop) -> None:
    shop.write([*NOAH[:8], "on the house"], THEO)
    report = shop.load()
    assert (outcome(report), report.counts.unknown_prices) == ((2, 0, 0, 0), 1)
    assert shop.rows("external_id, price, payload ->> 'price_text'")[1] == ("18520", None, "on the house")


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("March 8, 2026", "2:30 am", datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        ("November 1, 2026", "1:30 am", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("November 1, 2026", "2:30 am", datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_local_times_in_gaps_and_folds_are_read_as_the_apis(
    shop: Shop, day: str, clock: str, expected: datetime
) -> None:
    shop.write([*NOAH[:4], day, clock, *NOAH[6:]])
    shop.load()
    [(_, _, starts_at, ends_at, *_rest)] = shop.rows(STORED)
    assert starts_at == expected
    assert (ends_at - starts_at).total_seconds() == 1800


def test_the_operation_says_what_was_imported_and_proves_nothing_to_a_sync(shop: Shop) -> None:
    shop.write(NOAH, THEO, ["1", "", "", "", "never"])
    report = shop.load()
    with connect(shop.url, autocommit=True) as connection:
        [operation] = history(connection, shop.integration.id)
        window = connection.execute("select date_from, date_to from control.sync_operations").fetchone()
        assert last_complete_start(connection, shop.integration.id, "appointments") is None
    assert (operation.id, operation.sync_type, operation.status) == (report.sync_id, "csv", "partial")
    assert (operation.records_processed, operation.records_success, operation.records_failed) == (3, 2, 1)
    counts = operation.summary["resources"]["appointments"]
    assert (counts["new"], counts["complete"]) == (2, False)
    assert window == (datetime(2025, 6, 20, 21, tzinfo=UTC), datetime(2025, 6, 21, 16, 45, tzinfo=UTC))


def everything_written(url: str) -> list[tuple[Any, ...]]:
    """Return for each of our tables how many rows it has and which transactions wrote them."""
    with connect(url) as connection:
        tables = connection.execute(
            "select schemaname, relname from pg_stat_user_tables where schemaname in ('control', 'raw_trafft')"
            " order by 1, 2"
        ).fetchall()
        return [
            connection.execute(
                f"select '{table}', count(*), max(xmin::text::bigint), sum(xmin::text::bigint) from {schema}.{table}"
            ).fetchall()[0]
            for schema, table in tables
        ]


def test_a_dry_run_tells_everything_and_writes_nothing(shop: Shop) -> None:
    shop.write(NOAH, headings=HEADINGS)
    shop.load()
    shop.write([*NOAH[:7], "No-show", NOAH[8]], THEO, ["7", "", "", "", "never"])
    before = everything_written(shop.url)
    files = sorted(shop.folder.rglob("*"))
    report = shop.look()
    assert everything_written(shop.url) == before
    assert sorted(shop.folder.rglob("*")) == files
    assert (outcome(report), report.sync_id, report.status) == ((1, 1, 0, 1), None, None)
    assert [row["external_id"] for row in report.first_rows] == ["18520", "18519"]
    assert report.first_rows[0]["price"] == Decimal("38")
    assert [one.line for one in report.refused] == [4]
    assert report.columns.mapping["date"] == "Date"
    assert outcome(shop.load()) == outcome(report), "the import does what the dry run said"


def test_a_version_of_the_api_is_neither_replaced_nor_repeated(shop: Shop) -> None:
    api = {"id": 18520, "status": "no-show", "start_date_time": "2025-06-21 12:45:00"}
    shop.sync(APPOINTMENTS, api)
    shop.write(NOAH)
    shop.load()
    with open_raw_log(shop.url, shop.folder / "api", shop.integration.id) as log:
        log.looks = 10_000_000  # years after the import
        assert log.look(APPOINTMENTS, [api]).changed == 0, "a file changes nothing for the API's change filter"
    with connect(shop.url) as connection:
        found = connection.execute("select origin, status from raw_trafft.appointments order by 1").fetchall()
    assert found == [("api", "no-show"), ("csv", "Approved")], "both stay, and readers tell them apart by origin"


def test_customers_are_imported_with_their_ids(shop: Shop) -> None:
    shop.write(
        ["900", "Ola Berg", "ola@example.com", "'+18135550177"],
        ["", "Nobody", "", ""],
        headings=["Customer ID", "Name", "Email", "Phone"],
    )
    report = shop.load(resource="customers")
    assert outcome(report) == (1, 0, 0, 1)
    columns = "external_id, origin, first_name, last_name, email, phone_number"
    assert shop.rows(columns, "customers")[-1] == ("900", "csv", "Ola", "Berg", "ola@example.com", "+18135550177")


def test_customers_without_ids_are_those_that_the_log_knows(shop: Shop) -> None:
    shop.write(["Noah", "Reyes", "NOAH@example.com"], ["New", "Man", "new@example.com"],
               headings=["First Name", "Last Name", "E-Mail"])  # fmt: skip
    report = shop.load(resource="customers")
    assert outcome(report) == (1, 0, 0, 1)
    assert ("731", "csv") in shop.rows("external_id, origin", "customers")
    assert "export it with the customers' ids" in report.refused[0].reason


@pytest.mark.parametrize(
    ("headings", "row", "options", "message"),
    [
        (["Service", "Date", "Time"], ["a", "b", "c"], {}, "Export it with the column Appointment ID"),
        (["Appointment ID", "Service"], ["1", "b"], {}, "Export it with the columns Date and Time"),
        (["ID", "Date"], ["1", "2025-06-21"], {}, "Export it with the column Time"),
        (["ID", "Date", "Time"], ["1", "03/04/2025", "9:00"], {}, r"Give --date-format dmy .* or --date-format mdy"),
        (["ID", "Date", "Time"], ["1", "a", "b"], {"columns": {"id": "Nr"}}, "no column 'Nr' for id"),
        (["ID", "Date", "Time"], ["1", "a", "b"], {"columns": {"ident": "ID"}}, "'ident' is no field of appointments"),
        (["ID", "Date", "date", "Time"], ["1", "a", "b", "c"], {}, "stands 2 times"),
        (["ID", "Note"], ["1", "a"], {"resource": "customers"}, "no column for a customer's name or email"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_with_what_to_do(
    shop: Shop, headings: list[str], row: list[str], options: dict[str, Any], message: str
) -> None:
    shop.write(row, headings=headings)
    for attempt in (shop.look, shop.load):
        with pytest.raises(CsvProblem, match=message):
            attempt(**options)
    with connect(shop.url) as connection:
        assert history(connection, shop.integration.id) == [], "a file that is no export is no operation of the shop"


@pytest.mark.parametrize(
    ("column", "cells", "told", "message"),
    [
        (4, ["25/04/2025", "04/25/2025"], {"date_order": "dmy"}, r"contradict.*\(line 2\).*\(line 3\)"),
        (8, ["38,50", "38.50"], {"decimal_mark": "comma"}, r"prices contradict.*\(line 2\).*\(line 3\)"),
    ],
)
def test_styles_that_contradict_each_other_are_for_the_user_to_settle(
    shop: Shop, column: int, cells: list[str], told: dict[str, str], message: str
) -> None:
    rows = [[str(number), *NOAH[1:]] for number in range(2)]
    for row, cell in zip(rows, cells, strict=True):
        row[column] = cell
    shop.write(*rows)
    with pytest.raises(CsvProblem, match=message):
        shop.look()
    assert shop.look(**told).counts.new >= 1


def test_an_import_waits_for_nobody_and_disturbs_no_sync(shop: Shop) -> None:
    shop.write(NOAH)
    with integration_lock(shop.url, shop.integration.id), pytest.raises(AlreadyRunning):
        shop.load()
    assert shop.look().counts.new == 1, "looking needs no lock"


def test_a_failed_import_is_recorded_and_the_next_carries_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write(NOAH)
    with connect(shop.url, autocommit=True) as connection:
        connection.execute("alter table raw_trafft.appointments rename to elsewhere")
        with pytest.raises(Exception, match="appointments"):
            shop.load()
        connection.execute("alter table raw_trafft.elsewhere rename to appointments")
        assert [one.status for one in history(connection, shop.integration.id)] == ["failed"]
    assert outcome(shop.load()) == (1, 0, 0, 0)


texts = st.text("a1é ,;|'\"\n\r\x00-/:", max_size=8) | st.sampled_from([*HEADINGS, *NOAH, *THEO])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    headings=st.permutations(HEADINGS),
    rows=st.lists(st.lists(texts, min_size=11, max_size=11), max_size=5),
    order=st.sampled_from(["dmy", "mdy", None]),
    is_broken=st.booleans(),
)
def test_any_table_is_read_refused_or_explained_and_the_counts_add_up(
    shop: Shop, headings: list[str], rows: list[list[str]], order: Any, is_broken: bool
) -> None:
    quoted: Callable[[str], str] = (
        (lambda cell: cell) if is_broken else (lambda cell: '"' + cell.replace('"', '""') + '"')
    )
    text = "\n".join([",".join(headings), *(",".join(map(quoted, row)) for row in rows)])
    shop.request.path.write_bytes(text.encode())
    try:
        report = shop.look(date_order=order)
    except CsvProblem:
        return
    outcome(report)
    assert len(report.refused) == report.counts.refused
    if not is_broken:
        assert report.counts.lines == sum(any(cell.strip("\x00 \n\r\t") for cell in row) for row in rows)


@pytest.mark.slow
def test_a_big_file_is_a_matter_of_seconds_and_little_memory(shop: Shop) -> None:
    shop.write(*([str(number), *NOAH[1:]] for number in range(50_000)))
    started = process_time()
    assert outcome(shop.load()) == (50_000, 0, 0, 0)
    assert process_time() - started < 30, "5 s on a quiet machine; another's load does not count"

    # Tracing makes all of it five times slower, and a fifth of the file shows as well what grows with it.
    shop.write(*([str(number), *NOAH[1:]] for number in range(10_000)))
    tracemalloc.start()
    assert outcome(shop.look()) == (0, 0, 10_000, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6, "23 MB on 26 Nov 2026, most of it one batch of 2,000 records"
