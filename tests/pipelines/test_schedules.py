"""What a tick of each schedule requests, on a real control record and a real instance."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRunStatus, RepositoryDefinition, build_schedule_context, validate_run_config
from dagster._core.definitions.run_request import RunRequest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from ingestion.control import sync_operations
from ingestion.control.database import connect
from ingestion.control.integrations import get_integration
from pipelines.cadence import SHOPS_A_RUN
from pipelines.defs.resources import Warehouse
from tests.ingestion.syncing import KEY_RING
from tests.pipelines.shops import insert_shop

pytestmark = pytest.mark.sql
TICK = datetime(2026, 3, 2, 9, tzinfo=UTC)
SYNCS = [
    ("full_sync_daily", "full_sync", "full"),
    ("incremental_sync_hourly", "incremental_sync", "incremental"),
    ("customers_sync_twice_daily", "customers_sync", "customers"),
]
SCHEDULES = [*(name for name, _, _ in SYNCS), "analytics_half_hourly"]


class Ticks:
    """Evaluates ticks of the schedules as the daemon does."""

    def __init__(self, repository: RepositoryDefinition, instance: DagsterInstance, database_url: str) -> None:
        self.repository = repository
        self.instance = instance
        self.url = database_url
        self._warehouse = Warehouse(database_url=database_url)

    def evaluate(self, name: str, at: datetime = TICK) -> ScheduleExecutionData:
        """Evaluate one tick."""
        context = build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=at,
            resources={"warehouse": self._warehouse},
            repository_def=self.repository,
        )
        return self.repository.get_schedule_def(name).evaluate_tick(context)

    def requests(self, name: str, at: datetime = TICK) -> list[RunRequest]:
        """Return what a tick requests."""
        return list(self.evaluate(name, at).run_requests or [])

    def shops(self, name: str, at: datetime = TICK) -> list[str]:
        """Return the shops that a tick requests runs for."""
        return [key for request in self.requests(name, at) for key in shops_of(request)]

    def create(self, name: str, request: RunRequest, status: DagsterRunStatus = DagsterRunStatus.STARTING) -> str:
        """Create the requested run with a status, as the daemon would and the run would then have it."""
        job = self.repository.get_job(self.repository.get_schedule_def(name).job_name)
        run = self.instance.create_run_for_job(job, run_config=request.run_config, tags=request.tags, status=status)
        return run.run_id

    def sync(self, shop: str, sync_type: str, at: datetime, run_id: str | None = None) -> None:
        """Write into the control record that a sync of the shop began at a moment and ended well."""
        with connect(self.url, autocommit=True) as connection:
            operation = sync_operations.start(connection, get_integration(connection, shop), sync_type, run_id)
            sync_operations.finish(connection, operation, status="success")
            connection.execute(
                "update control.sync_operations set created_at = %(at)s, started_at = %(at)s,"
                " completed_at = %(at)s + interval '1 minute' where id = %(id)s",
                {"at": at, "id": operation.id},
            )


def shops_of(request: RunRequest) -> list[str]:
    config: dict[str, Any] = request.run_config["ops"]["trafft"]["config"]
    return list(config["integration_ids"])


@pytest.fixture
def ticks(
    repository: RepositoryDefinition, instance: DagsterInstance, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Ticks:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENCRYPTION_KEY", KEY_RING.reveal())
    return Ticks(repository, instance, database_url)


@pytest.mark.parametrize(("schedule", "job", "sync_type"), SYNCS)
def test_one_run_carries_the_shops_that_are_due(ticks: Ticks, schedule: str, job: str, sync_type: str) -> None:
    first = insert_shop(ticks.url, "first")
    insert_shop(ticks.url, "paused", auto_sync=False)
    last = insert_shop(ticks.url, "last", status="error")
    (request,) = ticks.requests(schedule)
    config = request.run_config["ops"]["trafft"]["config"]
    assert config == {"sync_type": sync_type, "integration_ids": [first, last]}
    assert validate_run_config(ticks.repository.get_job(job), request.run_config)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_tick_without_shops_says_why_it_does_nothing(ticks: Ticks, schedule: str) -> None:
    tick = ticks.evaluate(schedule)
    assert not tick.run_requests
    assert tick.skip_message
    assert "No shop is due" in tick.skip_message


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_tick_that_is_evaluated_twice_asks_for_the_same_run(ticks: Ticks, schedule: str) -> None:
    insert_shop(ticks.url, "first")
    (once,), (again,) = (ticks.requests(schedule) for _ in range(2))
    assert once.run_key == again.run_key
    assert once.run_key is not None
    assert TICK.isoformat() in once.run_key


def test_each_cadence_has_its_own_run_and_they_take_turns_over_the_same_shops(ticks: Ticks) -> None:
    insert_shop(ticks.url, "first")
    insert_shop(ticks.url, "second")
    requests = [request for name, _, _ in SYNCS for request in ticks.requests(name)]
    assert len({request.run_key for request in requests}) == 3
    assert {request.tags["sixfb/shard"] for request in requests} == {"0"}
    assert [request.tags["sixfb/cadence"] for request in requests] == ["full", "incremental", "customers"]


def test_a_shop_alone_also_waits_for_runs_by_hand(ticks: Ticks) -> None:
    shop = insert_shop(ticks.url, "only")
    (request,) = ticks.requests("full_sync_daily")
    assert request.tags["sixfb/integration"] == shop


def test_many_shops_are_dealt_to_runs_of_a_bounded_size(ticks: Ticks) -> None:
    shops = {insert_shop(ticks.url, f"shop {number}") for number in range(2 * SHOPS_A_RUN + 1)}
    requests = ticks.requests("incremental_sync_hourly")
    assert [len(shops_of(request)) for request in requests] == [SHOPS_A_RUN, SHOPS_A_RUN, 1]
    assert [request.tags["sixfb/shard"] for request in requests] == ["0", "1", "2"]
    assert len({request.run_key for request in requests}) == 3
    assert {key for request in requests for key in shops_of(request)} == shops


def test_a_tick_that_was_cut_off_launches_the_rest_and_nothing_twice(ticks: Ticks) -> None:
    for number in range(SHOPS_A_RUN + 5):
        insert_shop(ticks.url, f"shop {number}")
    launched, lost = ticks.requests("incremental_sync_hourly")
    ticks.create("incremental_sync_hourly", launched)
    (again,) = ticks.requests("incremental_sync_hourly")
    assert (again.run_key, shops_of(again)) == (lost.run_key, shops_of(lost))


def test_shops_of_other_zones_wait_for_their_own_hour(ticks: Ticks) -> None:
    london, new_york = insert_shop(ticks.url, "a"), insert_shop(ticks.url, "b", timezone="America/New_York")
    for shop in (london, new_york):
        ticks.sync(shop, "full", TICK - timedelta(hours=18))
    assert ticks.shops("full_sync_daily", TICK - timedelta(hours=7)) == [london]
    ticks.sync(london, "full", TICK - timedelta(hours=7))
    assert ticks.shops("full_sync_daily", TICK - timedelta(hours=2)) == [new_york]


def test_a_shop_that_was_synced_is_not_due_until_its_next_slot(ticks: Ticks) -> None:
    shop = insert_shop(ticks.url, "only")
    ticks.sync(shop, "incremental", TICK + timedelta(seconds=5))
    assert ticks.shops("incremental_sync_hourly", TICK + timedelta(minutes=5)) == []
    assert ticks.shops("incremental_sync_hourly", TICK + timedelta(hours=1)) == [shop]


def test_a_run_that_died_before_it_came_to_a_shop_is_made_up_for_at_the_next_tick(ticks: Ticks) -> None:
    done, left = (insert_shop(ticks.url, name) for name in "ab")
    (request,) = ticks.requests("incremental_sync_hourly")
    run_id = ticks.create("incremental_sync_hourly", request, DagsterRunStatus.STARTED)
    ticks.sync(done, "incremental", TICK + timedelta(seconds=5), run_id)
    later = TICK + timedelta(minutes=5)
    assert ticks.shops("incremental_sync_hourly", later) == []
    run = ticks.instance.get_run_by_id(run_id)
    assert run is not None
    ticks.instance.report_run_failed(run)
    assert ticks.shops("incremental_sync_hourly", later) == [left]


def test_a_run_that_always_dies_is_launched_three_times_for_one_slot(ticks: Ticks) -> None:
    shop = insert_shop(ticks.url, "only")
    launches = []
    for minutes in range(0, 60, 5):
        at = TICK + timedelta(minutes=minutes)
        for request in ticks.requests("incremental_sync_hourly", at):
            ticks.create("incremental_sync_hourly", request, DagsterRunStatus.FAILURE)
            launches.append(at)
    assert launches == [TICK + timedelta(minutes=minutes) for minutes in (0, 5, 10)]
    assert ticks.shops("incremental_sync_hourly", TICK + timedelta(hours=1)) == [shop]


def test_a_crash_is_left_to_the_next_tick_not_to_the_daemon(ticks: Ticks) -> None:
    insert_shop(ticks.url, "only")
    for schedule in SCHEDULES:
        (request,) = ticks.requests(schedule)
        assert request.tags["dagster/max_retries"] == "0"


def test_a_shop_in_the_middle_of_a_sync_by_hand_is_left_alone(ticks: Ticks) -> None:
    shop = insert_shop(ticks.url, "only")
    job = ticks.repository.get_job("full_sync")
    run = ticks.instance.create_run_for_job(job, tags={"dagster/partition": shop}, status=DagsterRunStatus.STARTED)
    assert ticks.shops("incremental_sync_hourly") == []
    with connect(ticks.url, autocommit=True) as connection:
        sync_operations.start(connection, get_integration(connection, shop), "full", run.run_id)
    assert ticks.shops("full_sync_daily") == []


def test_a_shop_whose_circuit_is_open_is_left_alone(ticks: Ticks) -> None:
    insert_shop(ticks.url, "only")
    with connect(ticks.url) as connection:
        connection.execute(
            "insert into control.circuits (integration_id, barbershop_id, opened_at, retry_at)"
            " select id, barbershop_id, now(), now() + interval '1 hour' from control.integrations"
        )
    assert ticks.shops("incremental_sync_hourly") == []


def test_analytics_follows_a_half_hour_once(ticks: Ticks) -> None:
    insert_shop(ticks.url, "only")
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    with connect(ticks.url) as connection:
        connection.execute(
            "update control.integrations set sync_settings = %s",
            ('{"businessHours": {"opensAt": 0, "closesAt": 23}}',),
        )
    (request,) = ticks.requests("analytics_half_hourly", now)
    run_id = ticks.create("analytics_half_hourly", request)
    assert ticks.requests("analytics_half_hourly", now) == []
    run = ticks.instance.get_run_by_id(run_id)
    assert run is not None
    ticks.instance.report_run_canceled(run)
    assert ticks.requests("analytics_half_hourly", now)


def test_the_night_has_no_analytics_of_its_own(ticks: Ticks) -> None:
    insert_shop(ticks.url, "only")
    assert ticks.requests("analytics_half_hourly", TICK.replace(hour=3)) == []
    insert_shop(ticks.url, "on the other side of the world", timezone="Pacific/Auckland")
    assert ticks.requests("analytics_half_hourly", TICK.replace(hour=3))
