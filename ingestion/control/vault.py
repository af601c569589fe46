"""Seals the shops' credentials for the database and opens them again; refuses whatever was altered or misplaced.

Envelope encryption with AES-256-GCM: each sealing makes a data key that encrypts the fields, and a key of the ring
encrypts the data key. All is bound to the shop, the integration, the field and the key's id, so that nothing opens in
another place than it was sealed for.

    VaultError
      InvalidKeyRing    the ring itself is unusable
      UnknownKey        sealed with a key that the ring lacks
      BrokenSeal        altered, incomplete, or of another shop, integration or field
"""

import base64
import os
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ingestion.secrets import Secret

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
"""Key ids and field names: without `|` and `,`, which separate them in the associated data."""


class VaultError(Exception):
    """The credentials can be neither sealed nor opened. Never carries a key or a credential."""


class InvalidKeyRing(VaultError):
    """The key ring cannot be read."""

    def __init__(self, entry: int, reason: str) -> None:
        super().__init__(
            f"Entry {entry} of the key ring {reason}. Write ENCRYPTION_KEY, or the key file, as kid:base64 of "
            f"{KEY_BYTES} random bytes, comma separated, the current key first."
        )


class UnknownKey(VaultError):
    """The envelope was sealed with a key that the ring does not hold."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        super().__init__(
            f"The credentials were sealed with the key {kid!r}, which is not in the key ring. Restore that key "
            "(ENCRYPTION_KEY, or the key file under SIXFB_HOME), or connect the shop again."
        )


class BrokenSeal(VaultError):
    """The envelope is not what was sealed for this place."""

    def __init__(self, integration_id: str) -> None:
        super().__init__(
            f"The credentials of integration {integration_id} do not open: they were altered, or sealed for another "
            "shop, or with another key of the same id. Connect the shop again, and find out who changed the row."
        )


class Vault:
    """A key ring at work: seals with the first key, opens with any."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._ciphers = {kid: AESGCM(key) for kid, key in keys.items()}
        self.current_kid = next(iter(keys))

    @classmethod
    def from_ring(cls, ring: Secret) -> "Vault":
        """Read a ring `kid:base64key[,kid:base64key…]`, the current key first. Raises `InvalidKeyRing`."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(ring.reveal().strip().split(","), start=1):
            kid, separator, encoded = entry.strip().partition(":")
            if not separator or not _NAME.match(kid):
                raise InvalidKeyRing(number, "has no usable key id before a colon")
            if kid in keys:
                raise InvalidKeyRing(number, "repeats the key id of another")
            try:
                keys[kid] = base64.b64decode(encoded, validate=True)
            except ValueError:
                raise InvalidKeyRing(number, "is not base64") from None
            if len(keys[kid]) != KEY_BYTES:
                raise InvalidKeyRing(number, f"holds {len(keys[kid])} bytes")
        return cls(keys)

    def seal(
        self,
        barbershop_id: str,
        integration_id: str,
        fields: Mapping[str, Secret],
        *,
        show_last4: Collection[str] = ("client_id",),
    ) -> dict[str, Any]:
        """Return the envelope to store; the fields in `show_last4` keep a readable end, to tell accounts apart."""
        if not fields or not all(_NAME.match(name) for name in fields):
            raise ValueError("seal needs fields, named with letters, digits and _.-")
        kid = self.current_kid
        place = _Place(barbershop_id, integration_id, kid)
        data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
        nonce, wrapped_key = _encrypt(self._ciphers[kid], data_key, place.of_data_key(fields))
        cipher = AESGCM(data_key)
        sealed = {name: _encrypt(cipher, value.reveal().encode(), place.of(name)) for name, value in fields.items()}
        return {
            "v": _VERSION,
            "kid": kid,
            "wrapped_key": wrapped_key,
            "nonce": nonce,
            "fields": {name: {"nonce": own, "ciphertext": text} for name, (own, text) in sealed.items()},
            "last4": {name: fields[name].reveal()[-4:] for name in show_last4 if name in fields},
            "created_at": datetime.now(UTC).isoformat(),
        }

    def unseal(self, barbershop_id: str, integration_id: str, envelope: Mapping[str, Any]) -> dict[str, Secret]:
        """Return the fields in clear, all or none. Raises `UnknownKey` and `BrokenSeal`."""
        try:
            kid, fields = envelope["kid"], envelope["fields"]
            if envelope["v"] != _VERSION or not fields:
                raise BrokenSeal(integration_id)
            cipher = self._ciphers.get(kid)
            if cipher is None:
                raise UnknownKey(str(kid))
            place = _Place(barbershop_id, integration_id, kid)
            data_key = _decrypt(cipher, envelope["nonce"], envelope["wrapped_key"], place.of_data_key(fields))
            opened = {
                name: _decrypt(AESGCM(data_key), sealed["nonce"], sealed["ciphertext"], place.of(name))
                for name, sealed in fields.items()
            }
            return {name: Secret(value.decode()) for name, value in opened.items()}
        except (InvalidTag, ValueError, KeyError, TypeError, AttributeError):
            raise BrokenSeal(integration_id) from None

    def is_current(self, envelope: Mapping[str, Any]) -> bool:
        """Tell whether the ring's first key sealed it; one that did not is due to be opened and sealed anew."""
        return envelope.get("kid") == self.current_kid


class _Place:
    """What an envelope is bound to."""

    def __init__(self, barbershop_id: str, integration_id: str, kid: str) -> None:
        self._owner = f"v{_VERSION}|{barbershop_id}|{integration_id}"
        self._kid = kid

    def of(self, field: str) -> bytes:
        return f"{self._owner}|{field}|{self._kid}".encode()

    def of_data_key(self, fields: Iterable[str]) -> bytes:
        """The data key names all fields, so that none can be taken out or put in."""
        return self.of(f"data key of {','.join(sorted(fields))}")


def _encrypt(cipher: AESGCM, data: bytes, place: bytes) -> tuple[str, str]:
    nonce = os.urandom(_NONCE_BYTES)
    return base64.b64encode(nonce).decode(), base64.b64encode(cipher.encrypt(nonce, data, place)).decode()


def _decrypt(cipher: AESGCM, nonce: str, ciphertext: str, place: bytes) -> bytes:
    return cipher.decrypt(_decode(nonce), _decode(ciphertext), place)


def _decode(text: str) -> bytes:
    """Decode base64 in its one canonical spelling: what was altered is refused even where it means the same."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not canonical base64")
    return data
