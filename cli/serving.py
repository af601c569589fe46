"""Staying up: telling others where we are, watching what runs, until Ctrl-C."""

from cli.console import say
from cli.dagster_ui import DagsterUi
from cli.database import Database
from cli.locks import Holder
from cli.ports import free_port
from cli.signals import Stopped
from cli.supervisor import Supervisor


def ui_port(wanted: int) -> int:
    """Return the port for the UI: the wanted one, or the next that is free, saying so."""
    port = free_port(wanted)
    if port != wanted:
        say(f"Port {wanted} is taken by another program; the Dagster UI takes {port}.")
    return port


def stay(supervisor: Supervisor, database: Database, holder: Holder, ui: DagsterUi) -> None:
    """Stay until we are asked to stop, which is the normal end; raises when a process or the database dies."""
    holder.tell(ui=ui.url, services=supervisor.services())
    say(f"Ready: {ui.url}   (Ctrl-C stops everything)")
    try:
        supervisor.watch(database.check)
    except Stopped:
        say("Stopping; a second Ctrl-C does it at once ...")
