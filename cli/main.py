"""The `sixfb` command: a table of commands, each imported when it is called, and the one place that shows errors."""

import sys
import traceback
from importlib import import_module
from importlib.util import find_spec
from keyword import iskeyword
from typing import Any

import click

from cli.signals import Stopped

COMMANDS = {
    "demo": ("cli.commands.demo", "Show the whole product on simulated shops."),
    "up": ("cli.commands.up", "Run the whole installation until Ctrl-C."),
    "migrate": ("cli.commands.migrate", "Bring the database to this version."),
    "shop": ("cli.commands.shop", "Connect shops, disconnect them, list them, and set when they are synced."),
    "sync": ("cli.commands.sync", "Sync shops now, together in one run."),
    "import": ("cli.commands.import_", "Import a CSV file that was exported from Trafft."),
    "deletions": ("cli.commands.deletions", "Decide about deletions that were too many to believe."),
    "status": ("cli.commands.status", "Say how each shop is, and what runs."),
    "doctor": ("cli.commands.doctor", "Check the installation, and say what to do."),
    "psql": ("cli.commands.psql", "Open psql on this installation's database; ARGUMENTS are psql's own."),
    "simulate": ("cli.commands.simulate", "Serve simulated shops that behave like Trafft, until Ctrl-C."),
    "chaos": ("cli.commands.chaos", "Break syncs on purpose, and prove that nothing is lost."),
    "day": ("cli.commands.day", "Play a day of all cadences over many simulated shops."),
    "bench": ("bench.cli", "Measure loading and syncing, side by side with their rivals."),
}
"""Name → module that holds the click command of that name, and its one line for `sixfb --help`."""

OURS = frozenset({"cli", "ingestion", "pipelines", "bench"})


class Commands(click.Group):
    """A group that imports a command when it is called, so that `sixfb --help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer meets them; a part that is not installed is left out."""
        return [name for name, (module, _) in COMMANDS.items() if _installed(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        # A function cannot be called `import`.
        attribute = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command = getattr(import_module(COMMANDS[cmd_name][0]), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 -- a mistake in the table above, not in the input
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list for `--help` from the table, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; show an expected error as its message alone and end with status 1."""
        try:
            return super().invoke(ctx)
        except Stopped as stopped:
            raise click.exceptions.Exit(128 + stopped.number) from stopped
        except Exception as error:
            message = expected(error)
            if message is None:
                raise
            if ctx.params["verbose"]:
                traceback.print_exc()
            click.echo(f"{click.style('Error:', fg='red')} {message}", err=True)
            raise click.exceptions.Exit(1) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="sixfb", prog_name="sixfb")
@click.option("--verbose", is_flag=True, help="Show the traceback of an error.")
def main(*, verbose: bool) -> None:
    """Turn a barbershop's Trafft bookings into decisions.

    State lives under SIXFB_HOME (default .sixfb). DATABASE_URL, if set, replaces the embedded PostgreSQL.
    """


def expected(error: Exception) -> str | None:
    """Return the message for errors that a person can act on, None for those that are our own mistakes.

    Every error class of ours carries a whole sentence: what was wrong, where, and what to do.
    """
    kind = type(error)
    if kind.__module__.partition(".")[0] in OURS:
        return str(error)
    if kind.__module__.startswith("psycopg") and kind.__name__ == "OperationalError":
        said = str(error).strip().rstrip(".?")
        return f"The database cannot be used: {said}. Check DATABASE_URL, or run `sixfb doctor`."
    if kind.__name__ == "ValidationError" and "pydantic" in sys.modules:
        return _settings_message(error)
    return None


def _settings_message(error: Exception) -> str | None:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError) or error.title != "Settings":
        return None
    fields = [f"{'.'.join(map(str, wrong['loc'])).upper()}: {wrong['msg']}" for wrong in error.errors()]
    return "A setting is wrong (environment or .env). " + "; ".join(fields)


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
