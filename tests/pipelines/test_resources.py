"""What assets are given: the right database, and no secret on display."""

from dataclasses import dataclass

import pytest
from dagster import EnvVar, RepositoryDefinition, build_init_resource_context

from ingestion.sync import Installation
from pipelines.defs.resources import InstallationResource, Warehouse
from tests.ingestion.syncing import KEY_RING

URL = "postgresql://owner:p%40ss@db.example.com:6432/shops"


@dataclass(frozen=True)
class Variables:
    """Reads the environment as a child process would."""

    def read(self) -> dict[str, str | None]:
        names = ("HOST", "PORT", "USER", "PASSWORD", "NAME")
        return {name: EnvVar(f"SIXFB_DB_{name}").get_value() for name in names}


def test_dbt_is_given_the_database_in_pieces_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIXFB_DB_NAME", "another")
    monkeypatch.delenv("SIXFB_DB_PORT", raising=False)
    before = Variables().read()
    with Warehouse(database_url=URL).dbt_environment():
        assert Variables().read() == {
            "HOST": "db.example.com",
            "PORT": "6432",
            "USER": "owner",
            "PASSWORD": "p@ss",
            "NAME": "shops",
        }
    assert Variables().read() == before
    assert before["NAME"] == "another"
    assert before["PORT"] is None


def test_a_sync_is_given_its_database_and_an_opened_key_ring(environment: pytest.MonkeyPatch) -> None:
    resource = InstallationResource(database_url=URL, encryption_key=KEY_RING.reveal())
    installation = resource.create_resource(build_init_resource_context())
    assert isinstance(installation, Installation)
    assert installation.url == URL
    assert installation.vault.current_kid == "test"
    assert installation.allow_loopback


def test_the_ui_shows_the_names_of_secrets_and_never_their_values(
    repository: RepositoryDefinition, environment: pytest.MonkeyPatch
) -> None:
    shown = {
        name: str(resource.config_schema.default_value)
        for name, resource in repository.get_top_level_resources().items()
        if resource.config_schema.default_provided
    }
    assert "DATABASE_URL" in shown["warehouse"]
    assert "ENCRYPTION_KEY" in shown["installation"]
    assert KEY_RING.reveal() not in str(shown)
