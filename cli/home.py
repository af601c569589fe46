"""Where an installation keeps its state: every path under SIXFB_HOME, its contents readable by their owner alone."""

import os
from dataclasses import dataclass
from pathlib import Path

from cli.errors import HomeUnusable

CHECKOUT = Path(__file__).resolve().parent.parent
"""The project's own files: dbt_project, dagster.yaml. The distribution is installed editable, so they lie beside us."""


@dataclass(frozen=True)
class Home:
    """The paths of one installation. Two installations on one machine differ by nothing but their root."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Home":
        """Open the home at `root`, creating what is missing. Raises `HomeUnusable`.

        A folder that was there before keeps its mode, whoever else uses it; what we put into it is ours alone.
        """
        home = cls(root.expanduser().absolute())
        is_new = not home.root.exists()
        try:
            for folder in (home.root, home.dagster, home.dlt, home.dbt, home.logs, home.supervisors):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_new:
                _keep_out_of_git(home.root)
        except OSError as error:
            raise HomeUnusable(home.root, error.strerror or str(error)) from error
        if not os.access(home.root, os.W_OK):
            raise HomeUnusable(home.root, "it is not writable")
        return home

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: the instance's configuration and its compute logs; runs and events live in Postgres."""
        return self.root / "dagster"

    @property
    def postgres_data(self) -> Path:
        """The embedded server's data directory; it exists only when it is complete."""
        return self.root / "postgres" / "data"

    @property
    def dlt(self) -> Path:
        """Working folders of dlt's pipelines: packages that are not loaded yet survive a crash here."""
        return self.root / "dlt"

    @property
    def dbt(self) -> Path:
        """dbt's target and log folders, so that a read-only checkout works."""
        return self.root / "dbt"

    @property
    def logs(self) -> Path:
        """One log per supervised process."""
        return self.root / "logs"

    @property
    def supervisors(self) -> Path:
        """One record per living supervisor; a record nobody holds locked belongs to a dead one."""
        return self.root / "supervisors"

    @property
    def up_lock(self) -> Path:
        """Locked by the one `sixfb up` or `sixfb demo` of this home, with a few words about it inside."""
        return self.root / "up.lock"

    @property
    def demo_state(self) -> Path:
        """What the demo must remember: the simulator's seed, its port and the shops."""
        return self.root / "demo.json"

    def log(self, name: str) -> Path:
        """Return the log file of the process `name`."""
        return self.logs / f"{name}.log"


def _keep_out_of_git(root: Path) -> None:
    """A home inside a checkout holds the key that opens every credential: no `git add` may take it along."""
    (root / ".gitignore").write_text("*\n", encoding="utf-8")
