"""What may run at once, and Dagster's storage made ready for it."""

from dagster import DagsterInstance

TRANSFORM = "transform"
LIMITS = {TRANSFORM: 1}
"""Pool → slots. Two dbt runs at once would build the same tables."""


def prepare_storage(instance: DagsterInstance) -> None:
    """Bring Dagster's tables to the installed version, and make the pools; safe to repeat.

    Left to itself, Dagster makes a pool when a step first asks for it, and of two runs that ask at the same moment one
    fails (a unique violation inside its transaction, 1.13.27).
    """
    instance.upgrade()
    for pool, slots in LIMITS.items():
        instance.event_log_storage.set_concurrency_slots(pool, slots)
