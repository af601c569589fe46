"""Plays rounds: something happens in the shops, a sync of it is disturbed, others follow, and all is compared."""

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from cli.chaos.arena import Arena
from cli.chaos.dagster_runs import DagsterRuns
from cli.chaos.disturbances import DISTURBANCES, Blow, Scene
from cli.chaos.findings import Findings
from cli.chaos.mart_comparison import compare_marts
from cli.chaos.raw_comparison import compare_raw
from cli.chaos.report import Campaign, Round
from cli.chaos.schedule import Act
from cli.chaos.shops import Cast, Connected, connect_cast, make_history, make_shops
from cli.chaos.victim import Order, Victim, failures
from cli.errors import CommandError
from cli.progress import Progress
from ingestion.control.database import connect
from simulator.serving import running

_RECOVERIES = 2
"""Undisturbed syncs after each disturbance: a record is gone when the second complete one misses it."""

_TIME_PASSES = (
    "update control.circuits set retry_at = now() where retry_at > now()",
    "update control.sweep_misses set first_missed_at = first_missed_at - interval '2 hours'",
)


class Engine:
    """One campaign in one arena."""

    def __init__(self, arena: Arena, seed: int, progress: Progress, tell: Callable[[str], None]) -> None:
        self._arena = arena
        self._tell = tell
        self._campaign = Campaign(seed)
        self._dagster = DagsterRuns(arena, progress)
        self._cast: tuple[int, Cast] | None = None
        self._served = ExitStack()
        self._members: list[Connected] = []

    def play(self, acts: Sequence[Act], *, with_marts: bool) -> Campaign:
        """Play the rounds, build the marts once at the end, and report."""
        begun = time.monotonic()
        with self._dagster, self._served:
            for act in acts:
                self._campaign.rounds.append(played := self._round(act, self._cast_of(act, with_twins=with_marts)))
                for line in played.lines():
                    self._tell(line)
                if not played.is_clean:
                    self._close_cast()  # what is wrong here must not be counted again in the next round
            self._close_cast()
            if with_marts:
                self._campaign.troubles += self._dagster.build_marts()
                with connect(self._arena.url) as connection:
                    self._campaign.marts = compare_marts(connection, self._members)
        self._campaign.seconds = time.monotonic() - begun
        return self._campaign

    def _round(self, act: Act, cast: Cast) -> Round:
        begun = time.monotonic()
        troubles: list[str] = []
        if act.kind == "kill-tombstone":
            make_history(cast, act.dice("earlier"))
            troubles += self._recover(cast.ids, syncs=1)
            self._let_time_pass()
        make_history(cast, act.dice("history"))
        with ExitStack() as stack:
            scene = Scene(self._arena, cast, self._order(act, cast.ids), act.dice("blow"), stack)
            blow = self._disturb(act, scene)
            troubles += blow.troubles
            self._arena.wait_for_locks()
            if act.wiped:
                _wipe(scene.order.work_dir)
            if act.dice("meanwhile").random() < 0.33:
                make_history(cast, act.dice("later"))
            troubles += self._after(act, cast, scene.order.work_dir)
        return Round(act, blow, self._compare(act, cast), time.monotonic() - begun, troubles)

    def _disturb(self, act: Act, scene: Scene) -> Blow:
        if act.kind == "kill-run":
            return self._dagster.kill_sync(scene)
        if act.kind == "kill-dbt":
            troubles = failures(Victim(scene.order).wait(), scene.cast.ids)
            blow = self._dagster.kill_dbt(scene)
            return Blow("; ".join([blow.did, *troubles]), blow.hit)
        return DISTURBANCES[act.kind](scene)

    def _after(self, act: Act, cast: Cast, work_dir: Path) -> list[str]:
        """Recover as an installation does by itself, through Dagster where it was Dagster that was struck."""
        troubles: list[str] = []
        if act.kind in ("kill-run", "kill-dbt"):
            troubles += [f"Dagster still counts the run {run_id} as open" for run_id in self._dagster.close_dead()]
        if act.kind == "kill-run":
            self._dagster.run("full_sync", cast.ids)
        before = cast.simulator.count
        troubles += self._recover(cast.ids, work_dir=work_dir)
        cast.requests_of_a_sync = (cast.simulator.count - before) // _RECOVERIES
        return troubles

    def _recover(self, ids: Sequence[str], *, syncs: int = _RECOVERIES, work_dir: Path | None = None) -> list[str]:
        """Sync the integrations undisturbed, and return what went wrong with that."""
        troubles: list[str] = []
        for _ in range(syncs):
            self._let_time_pass()
            troubles += failures(Victim(self._full(ids, work_dir or self._arena.home.dlt)).wait(), ids)
        return troubles

    def _let_time_pass(self) -> None:
        """Let every circuit's wait be over, and the last sweep be long ago: a campaign has minutes, not nights."""
        with connect(self._arena.url, autocommit=True) as connection:
            for statement in _TIME_PASSES:
                connection.execute(statement)

    def _compare(self, act: Act, cast: Cast) -> Findings:
        findings = Findings()
        if act.kind == "kill-dbt":
            self._require_undisturbed(self._recover(cast.twins))
            self._dagster.run("analytics")
        with connect(self._arena.url) as connection:
            for member in cast.members:
                findings.add(compare_raw(connection, member))
            if act.kind == "kill-dbt":
                findings.add(compare_marts(connection, cast.members))
        return findings

    def _cast_of(self, act: Act, *, with_twins: bool) -> Cast:
        """Return the shops of the round, opening new ones with their first sync when it is time for them."""
        if self._cast and self._cast[0] == act.cast:
            return self._cast[1]
        self._close_cast()
        simulator, shops = make_shops(f"{self._campaign.seed}:{act.cast}:{act.number}")
        base_url = self._served.enter_context(running(simulator))
        cast = connect_cast(self._arena.url, self._arena.keys, base_url, simulator, shops, f"({act.number})")
        before = simulator.count
        self._require_undisturbed(self._recover(cast.ids, syncs=1))
        # The first sync also asks what the account honours, which takes about half of its requests.
        cast.requests_of_a_sync = (simulator.count - before) // 2
        if with_twins or act.kind == "kill-dbt":
            self._members += cast.members
            self._require_undisturbed(self._recover(cast.twins, syncs=1))
        self._cast = (act.cast, cast)
        return cast

    def _close_cast(self) -> None:
        """Let the twins catch up with the last state of their shops, and stop serving these."""
        if self._cast and self._cast[1].members[0] in self._members:
            self._require_undisturbed(self._recover(self._cast[1].twins))
        self._cast = None
        self._served.close()

    def _require_undisturbed(self, troubles: Sequence[str]) -> None:
        if troubles:
            raise CommandError(f"A sync that nobody disturbed failed: {'; '.join(troubles)}")

    def _full(self, ids: Sequence[str], work_dir: Path) -> Order:
        log = self._arena.home.log("victims")
        return Order(self._arena.url, self._arena.keys.reveal(), work_dir, tuple(ids), log=log)

    def _order(self, act: Act, ids: Sequence[str]) -> Order:
        whole = act.kind in ("kill-tombstone", "kill-dbt") or act.dice("type").random() < 0.7
        return replace(self._full(ids, self._arena.home.dlt), sync_type="full" if whole else "incremental")


def _wipe(folder: Path) -> None:
    for inside in folder.iterdir() if folder.exists() else ():
        if inside.is_dir():
            shutil.rmtree(inside)
        else:
            inside.unlink()
