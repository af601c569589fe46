"""Recomputes a certificate's digests from the API's JSON alone: sockets, json and hashlib, nothing of the loader's.

What the certificate page says (docs/decisions/0010): of each record, the SHA-256 of what it was read with and of its
JSON with sorted keys; of each local day of start, the SHA-256 of the sorted lines `id:hash`.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any


def digests_of(records: Iterable[dict[str, Any]], *, read_with: str, by_day: bool) -> dict[str, dict[str, Any]]:
    """`by_day`: the records' `start_date_time` is local text, as the account shows it by default."""
    lines = defaultdict(list)
    for record in records:
        body = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        row_hash = hashlib.sha256((read_with + body).encode()).hexdigest()
        day = datetime.fromisoformat(record["start_date_time"]).date().isoformat() if by_day else "all"
        lines[day].append(f"{record['id']}:{row_hash}")
    return {
        day: {"records": len(each), "digest": hashlib.sha256("\n".join(sorted_by_id(each)).encode()).hexdigest()}
        for day, each in lines.items()
    }


def sorted_by_id(lines: list[str]) -> list[str]:
    return sorted(lines, key=lambda line: line.partition(":")[0].encode())
