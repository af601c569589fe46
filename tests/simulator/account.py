"""A plain reader of one shop's account, for the simulator's own tests: it logs in, gets, pages, forgives nothing."""

from typing import Any

import httpx

from simulator.server import Simulator
from simulator.shop import Shop

ORIGIN = "https://shop.admin.trafft.example"


class Account:
    """`transport` is the simulator itself, or None to go over a socket at `origin`."""

    def __init__(self, shop: Shop, transport: Simulator | None, *, origin: str = ORIGIN, timeout: float = 5.0) -> None:
        mock = None if transport is None else httpx.MockTransport(transport)
        self.shop = shop
        self.http = httpx.Client(base_url=origin, transport=mock, timeout=timeout)

    def ask_token(self, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.shop.client_id,
            "client_secret": self.shop.client_secret,
        }
        return self.http.post("/api/v2/token", data={**form, **changes})

    def log_in(self) -> "Account":
        answer = self.ask_token()
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()[self.shop.modes.token_key]}"
        return self

    def get(self, path: str, **query: str | int) -> httpx.Response:
        return self.http.get(f"/api/v2/{path}", params=query)

    def page(self, resource: str, **query: str | int) -> list[Any]:
        answer = self.get(resource, **query)
        assert answer.status_code == 200, answer.text
        records: list[Any] = answer.json()["data"]
        return records

    def sweep(self, resource: str, **query: str | int) -> list[Any]:
        """Every page until one adds nothing new."""
        records: list[Any] = []
        seen: set[str] = set()
        for number in range(1, 1000):
            fresh = [r for r in self.page(resource, page=number, **query) if str(r["id"]) not in seen]
            if not fresh:
                return records
            records += fresh
            seen |= {str(record["id"]) for record in fresh}
        raise AssertionError(f"{resource} has no end")
