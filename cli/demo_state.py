"""What the demo remembers in its home, so that its second start continues with the same shops."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Self

from cli.errors import CommandError
from cli.home import Home
from cli.ports import free_port

SEED = 7
SHOPS = 2
PORT = 8600


class OtherDemo(CommandError):
    """The home holds a demo that was made with other arguments."""


@dataclass(frozen=True)
class DemoState:
    """The simulator's seed and size, and the port that the shops' addresses name."""

    seed: int
    shops: int
    port: int

    @classmethod
    def open(cls, home: Home, *, seed: int | None, shops: int | None) -> Self:
        """Return what the home remembers, or begin; arguments may repeat what is remembered but not change it.

        Another seed would give the connected shops another past, which no sync could explain. Raises `OtherDemo`.
        """
        if not home.demo_state.exists():
            return cls(SEED if seed is None else seed, SHOPS if shops is None else shops, PORT)
        kept = cls(**json.loads(home.demo_state.read_bytes()))
        for name, asked, known in (("--seed", seed, kept.seed), ("--shops", shops, kept.shops)):
            if asked not in (None, known):
                raise OtherDemo(
                    f"The demo in {home.root} was made with {name} {known}, not {asked}. Leave {name} out to go on "
                    "with it, or set SIXFB_HOME to another folder for a new one."
                )
        return kept

    def with_free_port(self) -> Self:
        """Return the state with a port that can be listened on, the same as last time if possible."""
        return replace(self, port=free_port(self.port))

    def keep(self, home: Home) -> None:
        """Remember it; a crash in between leaves the old or the new one."""
        draft = home.demo_state.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(home.demo_state)
