"""The key file: made once, whole from its first moment, and trusted only while it is private."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli.key_ring import KeyFileUnusable, load_or_create_key_ring
from ingestion.control.vault import UnknownKey, Vault
from ingestion.secrets import Secret


def test_the_first_use_makes_a_key_that_later_uses_find(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ring = load_or_create_key_ring(home)
    assert load_or_create_key_ring(home) == ring
    envelope = Vault.from_ring(ring).seal("shop", "integration", {"client_id": Secret("client-4711")})
    assert Vault.from_ring(ring).unseal("shop", "integration", envelope) == {"client_id": Secret("client-4711")}


def test_only_its_owner_can_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    load_or_create_key_ring(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.name == "encryption.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_uses_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = set(pool.map(lambda _: load_or_create_key_ring(tmp_path), range(32)))
    assert len(rings) == 1


def test_a_lost_key_is_told_apart_from_altered_credentials(tmp_path: Path) -> None:
    sealed = Vault.from_ring(load_or_create_key_ring(tmp_path)).seal("s", "i", {"client_id": Secret("client-4711")})
    (tmp_path / "encryption.key").unlink()
    with pytest.raises(UnknownKey, match="Restore that key"):
        Vault.from_ring(load_or_create_key_ring(tmp_path)).unseal("s", "i", sealed)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_or_create_key_ring(tmp_path)
    (tmp_path / "encryption.key").chmod(mode)
    with pytest.raises(KeyFileUnusable, match="chmod 600"):
        load_or_create_key_ring(tmp_path)


@pytest.mark.parametrize("content", ["", "k1:hushhush", "hushhush", "k1:hüshhush"])
def test_a_damaged_key_file_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    file = tmp_path / "encryption.key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(KeyFileUnusable, match=r"is damaged.*Restore it from your backup") as refusal:
        load_or_create_key_ring(tmp_path)
    assert "hush" not in str(refusal.value)
    assert file.read_text() == content


def test_a_link_in_the_place_of_the_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "encryption.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileUnusable, match="cannot be read"):
        load_or_create_key_ring(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_keys_put_in_by_hand_are_taken(tmp_path: Path) -> None:
    first = load_or_create_key_ring(tmp_path)
    second = load_or_create_key_ring(tmp_path / "other")
    (tmp_path / "encryption.key").write_text(f"{second.reveal()},\n{first.reveal()}\n")
    assert load_or_create_key_ring(tmp_path).reveal().startswith(second.reveal())
