"""A warehouse per test; its database always has the same name, so that one parse of the project serves all tests."""

from collections.abc import Iterator

import pytest

from tests.dbt.project import Project
from tests.dbt.warehouse import Warehouse, open_warehouse
from tests.fixtures.postgres import database_named


@pytest.fixture(scope="session")
def environment() -> Iterator[pytest.MonkeyPatch]:
    """Return the means to set the environment that profiles.yml reads."""
    with pytest.MonkeyPatch.context() as environment:
        yield environment


@pytest.fixture(scope="session")
def project(postgres_url: str, environment: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the parsed project."""
    url = database_named(postgres_url, "warehouse")
    return Project.parse(url, tmp_path_factory.mktemp("dbt"), environment)


@pytest.fixture
def warehouse(postgres_url: str, template_database: str, project: Project) -> Iterator[Warehouse]:
    """Return a migrated database without a row, nothing built."""
    with open_warehouse(postgres_url, template_database, project) as warehouse:
        yield warehouse
