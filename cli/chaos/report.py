"""What a campaign did and found, as text for people and as one JSON document."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from textwrap import shorten
from typing import Any

from cli.chaos.disturbances import Blow
from cli.chaos.findings import Findings
from cli.chaos.schedule import Act

_LINE = 200
"""Characters of a finding on the screen; the JSON document has it whole."""


@dataclass
class Round:
    """One round as it went."""

    act: Act
    blow: Blow
    findings: Findings
    seconds: float
    troubles: list[str] = field(default_factory=list)
    """What an undisturbed run after the disturbance could not do."""

    @property
    def is_clean(self) -> bool:
        """Whether the tables are as if nothing had happened."""
        return self.findings.is_clean and not self.troubles

    def lines(self) -> Iterator[str]:
        """Yield what a person reads of it."""
        folder = ", working folder wiped" if self.act.wiped else ""
        missed = "" if self.blow.hit else " (missed it)"
        verdict = "; ".join([str(self.findings), *self.troubles])
        yield (
            f"round {self.act.number:>3}  {self.act.kind:<16} {self.blow.did}{missed}{folder}"
            f" -> {verdict} ({self.seconds:.1f} s)"
        )
        if not self.is_clean:
            yield from (f"           {shorten(example, _LINE)}" for example in self.findings.examples)

    def document(self) -> dict[str, Any]:
        """Return it for the JSON document."""
        return {
            "round": self.act.number,
            "kind": self.act.kind,
            "did": self.blow.did,
            "hit": self.blow.hit,
            "wiped": self.act.wiped,
            "clean": self.is_clean,
            "errors": sorted({one.error for one in self.blow.results.values() if one.error}),
            "findings": asdict(self.findings),
            "troubles": self.troubles,
            "seconds": round(self.seconds, 2),
        }


@dataclass
class Campaign:
    """All rounds of one call, and what the marts said at its end."""

    seed: int
    rounds: list[Round] = field(default_factory=list)
    marts: Findings = field(default_factory=Findings)
    seconds: float = 0.0
    troubles: list[str] = field(default_factory=list)
    """What the last build of the marts complained of."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost and nothing doubled, in any round and in the marts."""
        return self.marts.is_clean and not self.troubles and all(one.is_clean for one in self.rounds)

    def totals(self) -> Findings:
        """Return all findings added up."""
        total = Findings()
        for one in (*(one.findings for one in self.rounds), self.marts):
            total.add(one)
        return total

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        total = self.totals()
        return {
            "seed": self.seed,
            "clean": self.is_clean,
            "hit": sum(one.blow.hit for one in self.rounds),
            "seconds": round(self.seconds, 1),
            "totals": {**total.bad, "repeated": total.repeated, "unfinished": total.unfinished},
            "marts": asdict(self.marts),
            "troubles": self.troubles,
            "rounds": [one.document() for one in self.rounds],
        }

    def summary(self) -> Sequence[str]:
        """Return the last lines that a person reads."""
        total = self.totals()
        counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in total.bad.items())
        hit = sum(one.blow.hit for one in self.rounds)
        lines = [
            f"{len(self.rounds)} rounds in {self.seconds:.0f} s, {hit} struck a sync at work (seed {self.seed}).",
            f"{counts}.",
            f"{total.repeated} rows repeated and {total.unfinished} of loads never completed, which no reader sees.",
        ]
        lines += self.troubles
        lines += [f"marts: {example}" for example in self.marts.examples]
        broken = [one.act.number for one in self.rounds if not one.is_clean]
        if broken:
            again = f"sixfb chaos --seed {self.seed} --rounds {broken[0]} --first {broken[0]}"
            lines.append(f"Not clean: rounds {', '.join(map(str, broken))}. To play the first again: {again}")
        return lines
