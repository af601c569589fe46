"""The disturbances of one sync, a function each: start it, strike it, and tell what was done."""

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from random import Random

from psycopg.sql import SQL, Identifier

from cli.chaos.arena import Arena
from cli.chaos.faults import FAULTS, RESOURCES
from cli.chaos.moments import completed_load, folder_moment, wait_for
from cli.chaos.shops import Cast, make_history
from cli.chaos.small_disk import small_disk
from cli.chaos.victim import Order, Results, Victim
from ingestion.control.database import connect

_MB = 1024 * 1024
_RAW = ("appointments", "customers", "services", "employees", "locations")
_TABLESPACE = "chaos_small"


@dataclass(frozen=True)
class Blow:
    """What was done to a sync, whether it struck it at work, and what the sync said."""

    did: str
    hit: bool
    results: Results = field(default_factory=dict)
    troubles: Sequence[str] = ()
    """What it should not have said."""


@dataclass
class Scene:
    """One round as a disturbance sees it. What `stack` holds, such as a small disk, stays until the round is over."""

    arena: Arena
    cast: Cast
    order: Order
    dice: Random
    stack: ExitStack


Disturbance = Callable[[Scene], Blow]


def kill_at_request(scene: Scene) -> Blow:
    """Kill the sync when its k-th request arrives: the only moment that is the same in every replay."""
    simulator = scene.cast.simulator
    wanted = scene.dice.randrange(1, max(scene.cast.requests_of_a_sync, 1) + 1)
    first, victims = simulator.count, list[Victim]()

    def strike(number: int) -> None:
        if number - first == wanted and victims:
            victims[0].kill()

    simulator.on_request = strike
    try:
        victims.append(Victim(scene.order))
        results = victims[0].wait()
    finally:
        simulator.on_request = lambda number: None
    return Blow(f"killed at request {wanted} of {scene.cast.requests_of_a_sync}", victims[0].was_killed, results)


def kill_at(step: str, spread: float) -> Disturbance:
    """Return a disturbance that kills up to `spread` seconds after a step has begun in the working folder."""

    def disturb(scene: Scene) -> Blow:
        moment = folder_moment(scene.order.work_dir, step)
        delay = scene.dice.uniform(0, spread)
        victim = Victim(scene.order)
        if wait_for(moment, until=lambda: victim.is_over):
            time.sleep(delay)
            victim.kill()
        results = victim.wait()
        return Blow(f"killed {1000 * delay:.0f} ms after the {step} step began", victim.was_killed, results)

    return disturb


def kill_in_load(scene: Scene) -> Blow:
    """Kill in the load: at any moment of it, or when one or two of its files stand in the tables and others do not."""
    files = scene.dice.choice((0, 1, 1, 2))
    if files == 0:
        return kill_at("load", 0.25)(scene)
    moment = folder_moment(scene.order.work_dir, "loaded", files=files)
    victim = Victim(scene.order)
    if wait_for(moment, until=lambda: victim.is_over):
        victim.kill()
    results = victim.wait()
    return Blow(f"killed when {files} of the load's files were in the tables", victim.was_killed, results)


def kill_before_settling(scene: Scene) -> Blow:
    """Kill when the load stands as complete, so that only the control record is behind."""
    delay = scene.dice.choice((0.0, 0.0, scene.dice.uniform(0, 0.01)))
    with connect(scene.arena.url, autocommit=True) as connection:
        moment = completed_load(connection)
        victim = Victim(scene.order)
        if wait_for(moment, until=lambda: victim.is_over):
            time.sleep(delay)
            victim.kill()
    results = victim.wait()
    return Blow(f"killed {1000 * delay:.0f} ms after a load was completed", victim.was_killed, results)


def late_package(scene: Scene) -> Blow:
    """Kill in a load, go on without that working folder, and let it come back when the shops have been synced since."""
    home, aside = scene.order.work_dir, scene.order.work_dir.with_name("dlt-of-a-dead-machine")
    blow = kill_in_load(scene)
    scene.arena.wait_for_locks()
    home.rename(aside)
    home.mkdir()
    make_history(scene.cast, scene.dice)
    results = Victim(replace(scene.order, sync_type="full")).wait()
    shutil.rmtree(home)
    aside.rename(home)
    waiting = any(home.glob("*/load/normalized/*")) or any(home.glob("*/normalize/extracted/*"))
    said = "with a package" if waiting else "empty"
    return Blow(f"{blow.did}; synced elsewhere; the folder came back {said}", blow.hit and waiting, results)


def restart_postgres(scene: Scene) -> Blow:
    """Stop PostgreSQL in immediate mode in the middle of a load."""
    moment = folder_moment(scene.order.work_dir, "load")
    delay = scene.dice.uniform(0, 0.2)
    victim = Victim(scene.order)
    hit = wait_for(moment, until=lambda: victim.is_over)
    time.sleep(delay if hit else 0)
    hit = hit and not victim.is_over
    scene.arena.restart_immediately()
    return Blow(f"PostgreSQL restarted {1000 * delay:.0f} ms after the load step began", hit, victim.wait())


def drop_connections(scene: Scene) -> Blow:
    """Terminate every database session once, at a step of the sync."""
    step = scene.dice.choice(("extract", "normalize", "load", "loaded"))
    moment = folder_moment(scene.order.work_dir, step)
    delay = scene.dice.uniform(0, 0.05)
    victim = Victim(scene.order)
    hit = wait_for(moment, until=lambda: victim.is_over)
    time.sleep(delay if hit else 0)
    dropped = scene.arena.drop_connections()
    results = victim.wait()
    return Blow(f"{dropped} sessions dropped {1000 * delay:.0f} ms after the {step} step began", hit, results)


def full_disk(scene: Scene) -> Blow:
    """Give the working folder next to no space; where no disk can be mounted, let every larger file fail instead."""
    room = scene.dice.choice((0, 4, 16, 64, 200)) * 1024
    disk = scene.stack.enter_context(small_disk(4 * _MB))
    if disk is None:
        victim = Victim(replace(scene.order, largest_file=max(room, 1024)))
        return _failed(f"files of the working folder limited to {max(room, 1024)} bytes", victim.wait())
    scene.order = replace(scene.order, work_dir=disk.root / "dlt")
    disk.fill(leave=room)
    results = Victim(scene.order).wait()
    disk.relieve()
    return _failed(f"{room // 1024} kB left on the disk of the working folder", results)


def full_database(scene: Scene) -> Blow:
    """Move the raw tables to a disk of their own, let it run full under the load, and move them back."""
    with connect(scene.arena.url, autocommit=True) as connection:
        ((size,),) = connection.execute("select pg_database_size(current_database())").fetchall()
        disk = scene.stack.enter_context(small_disk(int(size) + 16 * _MB, owner=scene.arena.server_account))
        if disk is None:
            return Blow("skipped: only root may mount a disk for the database's files", hit=False)
        connection.execute(SQL("create tablespace {} location {}").format(Identifier(_TABLESPACE), str(disk.root)))
        try:
            _move(scene.arena.url, _TABLESPACE)
            room = scene.dice.choice((0, 8, 32, 96)) * 1024
            disk.fill(leave=room)
            results = Victim(scene.order).wait()
        finally:
            disk.relieve()
            _move(scene.arena.url, "pg_default")
            connection.execute(SQL("drop tablespace {}").format(Identifier(_TABLESPACE)))
    return _failed(f"{room // 1024} kB left on the disk of the raw tables", results)


def fault(scene: Scene) -> Blow:
    """Let the booking system misbehave for one list of every shop, then mend it."""
    resource = scene.dice.choice(RESOURCES)
    chosen = scene.dice.choice(FAULTS).of(resource)
    simulator = scene.cast.simulator
    if chosen.poison is not None:
        for member in scene.cast.members:
            member.shop.add_raw_record(resource, chosen.poison)
    else:
        simulator.fail_next(resource, times=chosen.times, **chosen.arguments)
    results = Victim(scene.order).wait()
    simulator.clear_faults()
    expected = chosen.error if chosen.outcome == "fail" else None
    odd = [f"{one.error}: {one.message}" for one in results.values() if one.error != expected]
    troubles = [f"expected {expected or 'no failure'}, got {said}" for said in odd]
    return Blow(f"{resource}: {chosen.name}", hit=True, results=results, troubles=troubles)


def together(scene: Scene) -> Blow:
    """Start several syncs of the same shops at once, some from a working folder of their own, as another machine's."""
    number = scene.dice.choice((2, 3, 8))
    victims = [
        Victim(replace(scene.order, work_dir=scene.order.work_dir.with_name(f"dlt-{position % 2}")))
        for position in range(number)
    ]
    told = [victim.wait() for victim in victims]
    results = {key: result for one in told for key, result in one.items() if result.error != "AlreadyRunning"}
    busy = sum(result.error == "AlreadyRunning" for one in told for result in one.values())
    return Blow(f"{number} at once, {busy} times told that another is at work", hit=busy > 0, results=results)


DISTURBANCES: Mapping[str, Disturbance] = {
    "kill-request": kill_at_request,
    "kill-extract": kill_at("extract", 0.15),
    "kill-normalize": kill_at("normalize", 0.03),
    "kill-load": kill_in_load,
    "kill-settle": kill_before_settling,
    "kill-tombstone": kill_in_load,
    "late-package": late_package,
    "restart-postgres": restart_postgres,
    "drop-connections": drop_connections,
    "full-disk": full_disk,
    "full-database": full_database,
    "fault": fault,
    "together": together,
}
"""Kind → disturbance, for the kinds that need no Dagster."""


def _failed(did: str, results: Results) -> Blow:
    return Blow(did, any(result.status == "failed" for result in results.values()), results)


def _move(url: str, tablespace: str) -> None:
    with connect(url, autocommit=True) as connection:
        for table in _RAW:
            connection.execute(
                SQL("alter table raw_trafft.{} set tablespace {}").format(Identifier(table), Identifier(tablespace))
            )
