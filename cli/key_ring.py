"""The key file of an installation that sets no ENCRYPTION_KEY: made once, at the first use, readable by its owner."""

import base64
import os
import secrets
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cli.durability import sync_folder
from cli.errors import CommandError
from ingestion.control.vault import KEY_BYTES, InvalidKeyRing, Vault
from ingestion.secrets import Secret

FILE_NAME = "encryption.key"


class KeyFileUnusable(CommandError):
    """The key file cannot be trusted or read. Never carries its content."""


def load_or_create_key_ring(home: Path) -> Secret:
    """Return the key ring of this home. Processes that make it at once all get the same. Raises `KeyFileUnusable`."""
    path = home.expanduser() / FILE_NAME
    if not path.exists():
        home.expanduser().mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
    return _load(path)


def _load(path: Path) -> Secret:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise KeyFileUnusable(f"The key file {path} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as stream:
        found = os.fstat(descriptor)
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileUnusable(
                f"The key file {path} can be read by others. Run `chmod 600 {path}`; if others use this machine, "
                "take the keys for known: put a new one in front and connect the shops again."
            )
        ring = Secret(stream.read().strip())
    try:
        Vault.from_ring(ring)
    except InvalidKeyRing as error:
        raise KeyFileUnusable(f"The key file {path} is damaged: {error} Restore it from your backup.") from error
    return ring


def _create(path: Path) -> None:
    """Write the file aside and link it into place: it is complete from its first moment, and the first one stays."""
    key = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    # The id is like no other: credentials sealed with a lost key are told apart from altered ones.
    kid = f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}"
    descriptor, draft = tempfile.mkstemp(prefix=f".{FILE_NAME}-", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{kid}:{key}\n")
            stream.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()
    sync_folder(path.parent)
