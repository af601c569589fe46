"""What is wrong with the tables after a recovery, counted row for row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

_SHOWN = 5
"""Examples a kind of finding: enough to look one up, and a broken round can have thousands."""


@dataclass
class Findings:
    """Counts of rows; `examples` names some of them. All but the last two must be zero."""

    lost: int = 0
    """In the truth, and not live in the table."""
    undead: int = 0
    """Live in the table, and not in the truth."""
    wrong: int = 0
    """In both, with different values."""
    doubled: int = 0
    """Shown twice to readers, or written again by another sync although nothing had changed."""
    orphans: int = 0
    """Rows that refer to a record that is not there."""
    open_operations: int = 0
    """Syncs still in progress though nobody runs one."""
    unlike_twin: int = 0
    """Rows of the marts that differ from those of the shop's undisturbed twin."""
    repeated: int = 0
    """Rows that a repeated load appended once more; readers see each once."""
    unfinished: int = 0
    """Rows of loads that were never completed; readers see none of them."""
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is lost, doubled or left over; what readers do not see does not count."""
        return not any(self.bad.values())

    @property
    def bad(self) -> Mapping[str, int]:
        """The counts that must be zero."""
        harmless = {"repeated", "unfinished", "examples"}
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name not in harmless}

    def note(self, kind: str, examples: Sequence[object], place: str) -> None:
        """Count rows under `kind`."""
        setattr(self, kind, getattr(self, kind) + len(examples))
        self.examples += [f"{kind} in {place}: {one}" for one in examples[:_SHOWN]]

    def add(self, other: "Findings") -> None:
        """Take over what another comparison found."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def __str__(self) -> str:
        return ", ".join(_words(self)) or "equal"


def _words(findings: Findings) -> Iterator[str]:
    for name, count in findings.bad.items():
        if count:
            yield f"{count} {name.replace('_', ' ')}"
