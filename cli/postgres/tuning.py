"""The embedded server's settings, each with its reason. The machine is shared with Dagster, dbt and the syncs."""

import os
from pathlib import Path

import psutil

_MB = 1024 * 1024
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- we only ask for its size

DURABLE = {
    # What was answered with "stored" stays stored through a power cut. Never traded for speed.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}

PRIVATE = {
    # No network at all; the socket's directory admits its owner alone, and so does the socket.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
}


def server_settings(memory: int) -> dict[str, str]:
    """Return the settings for a machine with so many bytes of memory."""
    return {
        **DURABLE,
        **PRIVATE,
        # An eighth (PostgreSQL's advice of a quarter is for a machine of its own); beyond 1 GB the system's cache
        # serves our table sizes as well.
        "shared_buffers": _share(memory, 8, least=128, most=1024),
        # No allocation, only what the planner believes to be cached: our buffers and the system's together.
        "effective_cache_size": _share(memory, 2, least=256, most=65_536),
        # Sorts and hashes of a shop's year in memory. dbt runs 4 models at once with a few such nodes each.
        "work_mem": _share(memory, 256, least=8, most=64),
        # Index builds on the raw tables, and autovacuum with up to 3 workers.
        "maintenance_work_mem": _share(memory, 32, least=64, most=512),
        # A full sync of many shops writes about 1 GB of log: 2 GB keep checkpoints on the clock, not on the volume,
        # and bound both the disk and the replay after a crash (seconds).
        "max_wal_size": "2GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        # Full page images are most of the log after a checkpoint and shrink three to five times.
        "wal_compression": "on",
        # Dagster (webserver, daemon, code server, runs), dlt with up to 20 loaders a run, dbt, and people.
        "max_connections": "200",
        # SSDs: a random page costs hardly more than the next one.
        "random_page_cost": "1.1",
        # Parallel workers meet in /dev/shm. Docker gives it 64 MB, and a query that needs more fails: then without.
        "max_parallel_workers_per_gather": "2" if shared_memory() >= 256 * _MB else "0",
        # Clients that do not ask get UTC, wherever the machine stands.
        "timezone": "UTC",
        "log_timezone": "UTC",
    }


def available_memory() -> int:
    """Return the bytes of memory we may count on: the machine's, or the container's where that is less."""
    total: int = psutil.virtual_memory().total
    try:
        limit = _CGROUP_LIMIT.read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdecimal() else total


def shared_memory() -> int:
    """Return the bytes that processes may share through files in memory; plenty where the system has no such limit."""
    try:
        facts = os.statvfs(_SHARED_MEMORY)
    except OSError:
        return 1024 * _MB
    return facts.f_blocks * facts.f_frsize


def _share(memory: int, part: int, *, least: int, most: int) -> str:
    return f"{min(max(memory // part // _MB, least), most)}MB"
