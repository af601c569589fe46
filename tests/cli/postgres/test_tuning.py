"""The embedded server's settings: a share of the memory, within bounds."""

import pytest

from cli.postgres.tuning import DURABLE, available_memory, server_settings

GB = 1024**3


def megabytes(setting: str) -> int:
    """Read a size as the settings give it."""
    assert setting.endswith("MB")
    return int(setting[:-2])


@pytest.mark.parametrize(
    ("memory", "shared_buffers", "work_mem"),
    [(GB, 128, 8), (4 * GB, 512, 16), (8 * GB, 1024, 32), (64 * GB, 1024, 64), (1024 * GB, 1024, 64)],
)
def test_memory_is_a_share_within_bounds(memory: int, shared_buffers: int, work_mem: int) -> None:
    settings = server_settings(memory)
    assert megabytes(settings["shared_buffers"]) == shared_buffers
    assert megabytes(settings["work_mem"]) == work_mem


@pytest.mark.parametrize("memory", [GB, 2 * GB, 4 * GB, 16 * GB])
def test_sixteen_sorts_at_once_leave_half_of_the_memory(memory: int) -> None:
    settings = server_settings(memory)
    taken = megabytes(settings["shared_buffers"]) + 16 * megabytes(settings["work_mem"])
    assert taken + megabytes(settings["maintenance_work_mem"]) <= memory / 2 / 1024**2


def test_durability_is_part_of_every_tuning() -> None:
    assert DURABLE.items() <= server_settings(GB).items()
    assert set(DURABLE.values()) == {"on"}


def test_memory_is_known() -> None:
    assert available_memory() > GB / 4
