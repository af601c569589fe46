"""Says what kind of machine a benchmark ran on, without its name."""

import os
import platform
from pathlib import Path

import psutil


def machine_class() -> str:
    """Return cores, memory, processor and Python, such as `2 cores, 24 GB, AMD EPYC, Linux, Python 3.11`."""
    memory = round(psutil.virtual_memory().total / 1e9)
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{os.cpu_count()} cores, {memory} GB, {_processor()}, {platform.system()}, Python {python}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
