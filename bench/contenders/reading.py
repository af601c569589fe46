"""The product's own run over many shops: `ingestion.sync` from the first request to the settled shops."""

import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from bench.contenders.order import Order, Outcome
from bench.meter import Meter, peak_rss
from ingestion.control.vault import Vault
from ingestion.reading import Aim
from ingestion.secrets import Secret
from ingestion.sync import Installation, SyncRequest, sync_integrations


def sync(order: Order) -> Outcome:
    """Sync the shops that the errand names, whole; the process may ask as often as its threads can."""
    vault = Vault.from_ring(Secret(order.errand["keys"]))
    rate = order.errand["requests_per_second"]
    installation = Installation(order.url, vault, Path(order.work_dir), allow_loopback=True, requests_per_second=rate)
    requests = [SyncRequest(key, Aim("full")) for key in order.errand["integration_ids"]]
    with Meter(order.server_pid) as meter:
        outcomes = sync_integrations(installation, requests)
    ended = Counter(one.report.status if one.report else repr(one.error) for one in outcomes)
    return Outcome(meter.cost, peak_rss(), {"ended": dict(ended)})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(sync(Order(**json.load(sys.stdin))))) + "\n")
