"""dbt's manifest, made when the project's files have changed since the last one, and only then: it costs 8 seconds."""

import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from cli.home import CHECKOUT, Home
from cli.programs import program
from cli.supervisor import Child, Supervisor

PROJECT = CHECKOUT / "dbt_project"
_NOT_SOURCES = frozenset({"target", "logs", "dbt_packages", "__pycache__", ".user.yml"})


def manifest_path(home: Home) -> Path:
    """Return where the manifest lies."""
    return home.dbt / "target" / "manifest.json"


def is_fresh(home: Home, wanted: str) -> bool:
    """Tell whether the manifest was made from the files that `wanted` is the digest of."""
    stamp = _stamp(home)
    return manifest_path(home).exists() and stamp.exists() and stamp.read_text() == wanted


def start_parse(supervisor: Supervisor, environment: Mapping[str, str]) -> Child:
    """Start `dbt parse` beside whatever else has to be done; end it with `finish_parse`."""
    where = ("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT))
    command = program("dbt", "--no-version-check", "parse", *where)
    return supervisor.start("dbt-parse", command, environment=environment, lasting=False)


def finish_parse(supervisor: Supervisor, child: Child, home: Home, made_from: str) -> None:
    """Wait for the parse, then note which files it read. Raises `ServiceFailed` with dbt's own words."""
    supervisor.wait_done(child, seconds=300)
    note(home, made_from)


def note(home: Home, made_from: str) -> None:
    """Note which files the manifest was made from."""
    _stamp(home).write_text(made_from)


def digest() -> str:
    """Return a fingerprint of everything the manifest depends on."""
    total = hashlib.sha256(f"{version('dbt-core')} {version('dbt-postgres')}".encode())
    for path in _sources(PROJECT):
        total.update(f"\0{path.relative_to(PROJECT)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in _NOT_SOURCES:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _stamp(home: Home) -> Path:
    return home.dbt / "target" / "manifest.digest"
