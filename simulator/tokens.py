"""Bearer tokens: signed, so that a restarted simulator still knows those it gave out; expiring by the clock."""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from simulator.clock import Clock
from simulator.shop import Shop


@dataclass
class Tokens:
    """The bearer tokens of all shops: issued, expired, revoked."""

    clock: Clock
    shops: dict[str, Shop] = field(repr=False)  # by client id
    _generation: dict[str, int] = field(default_factory=dict)  # how often a shop's tokens were revoked
    _issued: int = 0

    def shop_of_client(self, client_id: str, client_secret: str) -> Shop | None:
        """Return the shop with these credentials, or None."""
        shop = self.shops.get(client_id)
        if shop is None or not hmac.compare_digest(shop.client_secret.encode(), client_secret.encode()):
            return None
        return shop

    def issue(self, shop: Shop) -> str:
        """Return a new token of the shop, good for as long as its modes say."""
        self._issued += 1
        claims = {
            "tenant": shop.client_id,
            "until": self.clock.seconds() + shop.modes.token_seconds,
            "generation": self._generation.get(shop.client_id, 0),
            "serial": self._issued,
        }
        payload = base64.urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip("=")
        return f"sim.{payload}.{_signature(shop, payload)}"

    def shop_of_token(self, token: str) -> Shop | None:
        """The shop it was given to, unless it is forged, expired or revoked."""
        kind, _, rest = token.partition(".")
        payload, _, signature = rest.partition(".")
        claims = _claims(payload) if kind == "sim" else None
        shop = self.shops.get(str(claims.get("tenant"))) if claims else None
        if claims is None or shop is None:
            return None
        if not hmac.compare_digest(_signature(shop, payload).encode(), signature.encode()):
            return None
        alive = claims["until"] > self.clock.seconds()
        return shop if alive and claims["generation"] == self._generation.get(shop.client_id, 0) else None

    def revoke(self, shops: Iterable[Shop]) -> None:
        """Make all tokens worthless that these shops were issued so far."""
        for shop in shops:
            self._generation[shop.client_id] = self._generation.get(shop.client_id, 0) + 1


def _signature(shop: Shop, payload: str) -> str:
    return hmac.new(shop.client_secret.encode(), payload.encode(), hashlib.sha256).hexdigest()[:32]


def _claims(payload: str) -> dict[str, int] | None:
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
