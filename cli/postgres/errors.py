"""What can go wrong with the embedded PostgreSQL, each with what to do about it."""

from cli.errors import CommandError


class EmbeddedPostgresFailed(CommandError):
    """The embedded server does not start, does not stop, or is gone."""


class DataDirectoryUnusable(EmbeddedPostgresFailed):
    """The embedded server's directories cannot be used. Nothing in them was changed."""
