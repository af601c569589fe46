"""`sixfb import`: what it shows before it writes, what it stores, and how its options are read."""

import json
from pathlib import Path

import pytest

from ingestion.control.database import connect
from ingestion.control.integrations import connect_shop
from ingestion.control.vault import Vault
from ingestion.secrets import Secret
from tests.cli.conftest import KEY_RING, Sixfb

pytestmark = pytest.mark.sql

EXPORT = """Termin-Nr.;Service;Customer;Date;Time;Duration;Status;Price
18520;Skin Fade;Noah [red] Reyes;21/06/2025;12:45;30min;Approved;38,00 €
18521;Shave;Theo Lang;22/06/2025;late;30min;Approved;38,00 €
"""


@pytest.fixture
def shop_id(sixfb: Sixfb) -> str:
    with connect(sixfb.database_url) as connection:
        return connect_shop(
            connection,
            Vault.from_ring(Secret(KEY_RING)),
            name="Elite Cuts",
            base_url="https://elitecuts.admin.trafft.com",
            client_id=Secret("id"),
            client_secret=Secret("secret"),
            timezone="Europe/Berlin",
            currency="EUR",
        ).id


@pytest.fixture
def export(tmp_path: Path) -> str:
    (tmp_path / "export.csv").write_text(EXPORT)
    return str(tmp_path / "export.csv")


def stored(sixfb: Sixfb) -> list[tuple[object, ...]]:
    with connect(sixfb.database_url) as connection:
        return connection.execute("select external_id, origin, starts_at::text from raw_trafft.appointments").fetchall()


def test_a_dry_run_shows_rows_mapping_and_refusals_and_the_import_does_it(
    sixfb: Sixfb, shop_id: str, export: str
) -> None:
    arguments = ["import", shop_id[:8], export, "--resource", "appointments", "--column", "id=Termin-Nr."]
    shown = sixfb(*arguments, "--dry-run")
    assert shown.exit_code == 1, "a line would not be read"
    assert "2 lines: 1 would be new, 0 changed, 0 known already, 1 not read." in " ".join(shown.stdout.split())
    assert "Termin-Nr." in shown.stdout
    assert "Dates have the day first, as '21/06/2025' (line 2) shows." in shown.stdout
    assert "2025-06-21 12:45" in shown.stdout
    assert "times in Europe/Berlin" in shown.stdout
    assert "line 3: time: expected a time such as 14:30" in shown.stderr
    assert stored(sixfb) == []

    imported = sixfb(*arguments)
    assert (imported.exit_code, stored(sixfb)) == (1, [("18520", "csv", "2025-06-21 10:45:00+00")])
    assert "1 are new" in imported.stdout


def test_the_document_says_the_same_to_programs(sixfb: Sixfb, shop_id: str, export: str) -> None:
    Path(export).write_text("\n".join(EXPORT.replace("Termin-Nr.", "ID").splitlines()[:2]))
    first = sixfb.json("import", shop_id, export, "--resource", "appointments", "--json")
    assert (first["status"], first["new"], first["refused"], first["dryRun"]) == ("success", 1, [], False)
    assert first["firstStart"] == "2025-06-21T10:45:00+00:00"
    assert first["firstRows"][0]["price"] == "38.0000"
    assert first["file"]["columns"]["id"] == "ID"
    again = sixfb.json("import", shop_id, export, "--resource", "appointments", "--json")
    assert (again["new"], again["unchanged"], again["firstRows"]) == (0, 1, [])
    [shop] = sixfb.json("status", "--json")["shops"]
    assert shop["state"] == "not synced yet", "a file says nothing of the account"
    assert [one["type"] for one in shop["operations"]] == ["csv", "csv"]


def test_statuses_in_another_language_are_shown_until_they_are_told(sixfb: Sixfb, shop_id: str, export: str) -> None:
    Path(export).write_text(EXPORT.replace("Approved", "Genehmigt").replace("late", "12:45"))
    arguments = ["import", shop_id, export, "--resource", "appointments", "--column", "id=Termin-Nr.", "--dry-run"]
    assert "'Genehmigt' is no status that we know (2 lines)" in " ".join(sixfb(*arguments).stdout.split())
    told = sixfb.json(*arguments, "--status", "genehmigt=approved", "--json")
    assert (told["unknownStatuses"], told["firstRows"][0]["status"]) == ({}, "approved")
    assert json.loads(told["firstRows"][0]["bookings"])[0]["status"] == "approved"
    wrong = sixfb(*arguments, "--status", "Genehmigt=fine")
    assert "'fine' is no status. The statuses are approved, pending" in wrong.stderr


def test_a_file_without_an_id_says_which_column_to_export(sixfb: Sixfb, shop_id: str, export: str) -> None:
    result = sixfb("import", shop_id, export, "--resource", "appointments")
    assert result.exit_code == 1
    assert "Export it with the column Appointment ID" in result.stderr
    assert "'Termin-Nr.'" in result.stderr


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--delimiter", "::"], "'::' cannot separate columns"),
        (["--column", "id"], "says nothing of anything"),
        (["--column", "id=A", "--column", "id=B"], "'id' is told twice"),
        (["--date-format", "american"], "write it as dmy, mdy or ymd"),
        (["--decimal", "dot"], "'dot' is not one of"),
    ],
)
def test_a_wrong_option_is_refused_with_a_hint(sixfb: Sixfb, export: str, options: list[str], hint: str) -> None:
    result = sixfb("import", "any", export, "--resource", "appointments", *options)
    assert result.exit_code == 2
    assert hint in " ".join(result.stderr.replace("│", "").split())


def test_options_are_read_as_people_write_them(sixfb: Sixfb, shop_id: str, export: str) -> None:
    Path(export).write_text(EXPORT.replace(";", "\t").replace("21/", "03/").replace("22/", "04/"))
    told = ["--delimiter", "tab", "--date-format", "DD/MM/YYYY", "--decimal", "comma", "--encoding", "UTF-8"]
    shown = sixfb("import", shop_id, export, "--resource", "appointments", "--column", "id = Termin-Nr.", "--dry-run",
                  "--json", *told)  # fmt: skip
    assert '"firstStart": "2025-06-03T10:45:00+00:00"' in shown.stdout, shown.output
