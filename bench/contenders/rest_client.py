"""dlt's own RESTClient, page after page: it fetches and decodes, and does nothing else."""

import json
import sys
from dataclasses import asdict
from itertools import islice

from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

from bench.contenders.order import Order, Outcome
from bench.meter import Meter, peak_rss


def read(order: Order) -> Outcome:
    """Read as many pages of a hundred as the errand says."""
    client = RESTClient(
        base_url=f"{order.errand['base_url']}/api/v2/",
        auth=BearerTokenAuth("bench"),
        paginator=PageNumberPaginator(base_page=1, page_param="page", total_path="pagination.pages"),
    )
    pages = client.paginate("appointments", params={"limit": 100}, data_selector="data")
    with Meter(order.server_pid) as meter:
        records = sum(len(page) for page in islice(pages, order.errand["pages"]))
    return Outcome(meter.cost, peak_rss(), {"records": records})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(read(Order(**json.load(sys.stdin))))) + "\n")
