"""Deliveries as the internet brings them: some never, some twice, some days late, in no order; all by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.dice import Dice
from simulator.webhooks import Delivery


@dataclass(frozen=True)
class Arrival:
    """One delivery at the moment it arrives (aware UTC)."""

    at: datetime
    delivery: Delivery


@dataclass(frozen=True)
class Storm:
    """How bad it is: shares of deliveries lost and doubled, and the longest delay, which falls on half of them."""

    lost: float = 0.3
    doubled: float = 0.3
    longest_delay: timedelta = timedelta(hours=48)

    def arrivals(self, deliveries: Sequence[Delivery], seed: int) -> list[Arrival]:
        """What arrives of these, in order of arrival; equal moments are shuffled."""
        dice = Dice("storm", seed)
        arrivals = []
        for number, delivery in enumerate(deliveries):
            if dice.one("lost", number) < self.lost:
                continue
            copies = 2 if dice.one("doubled", number) < self.doubled else 1
            for copy in range(copies):
                draw = dice.one("delay", 2 * number + copy)
                delay = self.longest_delay * max(0.0, 2 * draw - 1)
                arrivals.append((delivery.sent_at + delay, dice.one("order", 2 * number + copy), delivery))
        arrivals.sort(key=lambda entry: entry[:2])
        return [Arrival(at, delivery) for at, _, delivery in arrivals]
