"""What all benchmarks of one invocation share: the server, the records, and how often everything is measured."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.account import write_records
from bench.appointments import Shop
from bench.server import BenchServer


@dataclass(frozen=True)
class Rounds:
    """`count` rounds in which the contenders take turns over the appointments of a shop."""

    server: BenchServer
    folder: Path
    shop: Shop
    count: int
    say: Callable[[str], None]

    def records(self, *, times: int = 1) -> Path:
        """Return the file with the records of this shop, or of one that many times as large."""
        shop = replace(self.shop, appointments=self.shop.appointments * times)
        path = self.folder / f"appointments_{shop.appointments}.jsonl"
        if not path.exists():
            self.say(f"writing {shop.appointments:,} appointments from seed {shop.seed}")
        return write_records(shop, path)
