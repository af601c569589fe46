"""One round of the sensor daemon in a process of its own, which dies at a named point: `python -m ... POINT|none`.

The points are those at which Dagster's own tests kill its daemon.
"""

import logging
import signal
import sys

from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.sensor import execute_sensor_iteration

SENSOR = "webhooks_waiting"


def main(point: str) -> None:
    """Evaluate every sensor once; SIGKILL ourselves when the webhook sensor comes to the point."""
    target = ModuleTarget(
        module_name="pipelines.definitions", attribute=None, working_directory=None, location_name="pipelines"
    )
    with DagsterInstance.get() as instance, WorkspaceProcessContext(instance, target) as context:
        list(
            execute_sensor_iteration(
                context,
                logging.getLogger("daemon"),
                threadpool_executor=None,
                submit_threadpool_executor=None,
                debug_crash_flags={} if point == "none" else {SENSOR: {point: signal.SIGKILL}},
            )
        )


if __name__ == "__main__":
    main(sys.argv[1])
