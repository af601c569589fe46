"""The vault: opens what it sealed, where it was sealed for, and nothing else."""

import base64
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.control.vault import BrokenSeal, InvalidKeyRing, UnknownKey, Vault, VaultError
from ingestion.secrets import Secret

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
SHOP, INTEGRATION = "0d6f1c9e-0000-4000-8000-000000000001", "0d6f1c9e-0000-4000-8000-00000000000a"
FIELDS = {"client_id": Secret("client-4711"), "client_secret": Secret("hush, hush")}


def vault(*keys: str) -> Vault:
    """Return a vault with these keys, the first current."""
    return Vault.from_ring(Secret(",".join(keys)))


def texts(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and value of every text in an envelope."""
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from texts(value, (*path, key))
        elif isinstance(value, str):
            yield (*path, key), value


def replaced(envelope: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a copy of the envelope with one value exchanged."""
    copy = deepcopy(dict(envelope))
    node = copy
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return copy


def test_what_was_sealed_opens() -> None:
    assert vault(OLD).unseal(SHOP, INTEGRATION, vault(OLD).seal(SHOP, INTEGRATION, FIELDS)) == FIELDS


@given(st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True), st.text(), min_size=1, max_size=4))
def test_any_text_survives_the_way_through_json(fields: dict[str, str]) -> None:
    secrets = {name: Secret(value) for name, value in fields.items()}
    envelope = json.loads(json.dumps(vault(OLD).seal(SHOP, INTEGRATION, secrets)))
    assert vault(OLD).unseal(SHOP, INTEGRATION, envelope) == secrets


def test_the_envelope_shows_no_secret_but_the_end_of_the_client_id() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    assert envelope["last4"] == {"client_id": "4711"}
    assert "hush" not in json.dumps(envelope)
    assert "client-" not in json.dumps(envelope)


def test_sealing_twice_never_gives_the_same() -> None:
    first, second = (dict(texts(vault(OLD).seal(SHOP, INTEGRATION, FIELDS))) for _ in range(2))
    same = {path for path, value in first.items() if second[path] == value}
    assert same == {("kid",), ("last4", "client_id")}


@pytest.mark.parametrize(
    ("shop", "integration"), [(SHOP, SHOP), (INTEGRATION, INTEGRATION), (INTEGRATION, SHOP), ("", INTEGRATION)]
)
def test_another_shop_or_integration_cannot_open_it(shop: str, integration: str) -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(shop, integration, envelope)


@given(st.data())
def test_a_flipped_bit_anywhere_is_refused(data: st.DataObject) -> None:
    envelope = vault(OLD, NEW).seal(SHOP, INTEGRATION, FIELDS)
    sealed = [(path, value) for path, value in texts(envelope) if path[0] not in {"last4", "created_at"}]
    path, value = data.draw(st.sampled_from(sealed))
    position = data.draw(st.integers(0, len(value) - 1))
    flipped = chr(ord(value[position]) ^ 1 << data.draw(st.integers(0, 6)))
    broken = replaced(envelope, path, value[:position] + flipped + value[position + 1 :])
    with pytest.raises(VaultError):
        vault(OLD, NEW).unseal(SHOP, INTEGRATION, broken)


def test_another_spelling_of_the_same_bytes_is_refused() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, {"client_secret": Secret("ten bytes!")})
    text = envelope["fields"]["client_secret"]["ciphertext"]
    assert text.endswith("=")
    spare = chr(ord(text[-2]) + 1)  # the last letter before the padding has two bits that mean nothing
    other = text[:-2] + spare + "="
    assert base64.b64decode(other) == base64.b64decode(text)
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, replaced(envelope, ("fields", "client_secret", "ciphertext"), other))


@given(st.data())
def test_a_shortened_text_is_refused(data: st.DataObject) -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    path, value = data.draw(st.sampled_from([item for item in texts(envelope) if item[0][0] in {"fields", "nonce"}]))
    broken = replaced(envelope, path, value[: data.draw(st.integers(0, len(value) - 1))])
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, broken)


def test_fields_cannot_trade_places() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    fields = envelope["fields"]
    envelope["fields"] = {"client_id": fields["client_secret"], "client_secret": fields["client_id"]}
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, envelope)


def test_a_field_cannot_be_taken_out() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    del envelope["fields"]["client_secret"]
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, envelope)


@pytest.mark.parametrize("part", ["wrapped_key", "nonce", "fields"])
def test_parts_of_two_envelopes_do_not_mix(part: str) -> None:
    first, second = (vault(OLD).seal(SHOP, INTEGRATION, FIELDS) for _ in range(2))
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, {**first, part: second[part]})


def test_a_key_under_another_id_does_not_open_it() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    renamed = OLD.replace("old:", "renamed:")
    with pytest.raises(BrokenSeal):
        vault(OLD, renamed).unseal(SHOP, INTEGRATION, {**envelope, "kid": "renamed"})


def test_a_key_that_the_ring_lacks_is_named() -> None:
    with pytest.raises(UnknownKey, match="'old'"):
        vault(NEW).unseal(SHOP, INTEGRATION, vault(OLD).seal(SHOP, INTEGRATION, FIELDS))


def test_another_key_of_the_same_id_is_refused() -> None:
    with pytest.raises(BrokenSeal):
        vault(NEW.replace("new:", "old:")).unseal(SHOP, INTEGRATION, vault(OLD).seal(SHOP, INTEGRATION, FIELDS))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": None},
        {"kid": ["old"]},
        {"fields": {}},
        {"fields": None},
        {"fields": {"client_id": None}},
        {"fields": "text"},
        {"wrapped_key": None},
        {"nonce": 12},
    ],
)
def test_an_envelope_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    envelope = {**vault(OLD).seal(SHOP, INTEGRATION, FIELDS), **change}
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, envelope)


def test_an_empty_document_is_refused() -> None:
    with pytest.raises(BrokenSeal):
        vault(OLD).unseal(SHOP, INTEGRATION, {})


def test_after_a_new_key_is_put_in_front_the_old_envelopes_still_open() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    ring = vault(NEW, OLD)
    assert ring.unseal(SHOP, INTEGRATION, envelope) == FIELDS
    assert not ring.is_current(envelope)
    renewed = ring.seal(SHOP, INTEGRATION, ring.unseal(SHOP, INTEGRATION, envelope))
    assert ring.is_current(renewed)
    assert vault(NEW).unseal(SHOP, INTEGRATION, renewed) == FIELDS


@pytest.mark.parametrize(
    ("ring", "message"),
    [
        ("", "Entry 1 .* no usable key id"),
        ("secretsecret", "Entry 1 .* no usable key id"),
        ("k|1:" + "A" * 44, "Entry 1 .* no usable key id"),
        ("k1:secretsecret*", "Entry 1 .* not base64"),
        ("k1:sécret", "Entry 1 .* not base64"),
        ("k1:c2VjcmV0", "Entry 1 .* holds 6 bytes"),
        (f"{OLD},{OLD}", "Entry 2 .* repeats"),
        (f"{OLD},", "Entry 2 .* no usable key id"),
    ],
)
def test_an_unusable_ring_is_refused_without_being_shown(ring: str, message: str) -> None:
    with pytest.raises(InvalidKeyRing, match=message) as refusal:
        Vault.from_ring(Secret(ring))
    assert not any(part in str(refusal.value) for part in ("secret", "sécret", "c2VjcmV0", "AAAA"))


@pytest.mark.parametrize("name", ["", "a|b", "a,b", "a b"])
def test_a_field_name_that_could_forge_the_seal_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="seal needs fields"):
        vault(OLD).seal(SHOP, INTEGRATION, {name: Secret("x")})


def test_errors_carry_neither_key_nor_credential() -> None:
    envelope = vault(OLD).seal(SHOP, INTEGRATION, FIELDS)
    with pytest.raises(BrokenSeal) as refusal:
        vault(OLD).unseal(SHOP, SHOP, envelope)
    assert refusal.value.__cause__ is None
    assert "hush" not in f"{refusal.value!r} {vault(OLD)!r}"
