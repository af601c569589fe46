"""The command group: quick help, lazy commands, and errors as one message."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.errors import CommandError
from cli.main import COMMANDS, Commands, expected, main

HELP = "import sys; sys.argv = ['sixfb', '--help']; from cli.main import main; main(standalone_mode=False); {}"


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in main.list_commands(click.Context(main)):
        assert f"\n  {name} " in result.stdout


def test_help_imports_nothing_heavy() -> None:
    report = "print(sorted({'dagster', 'dlt', 'dbt', 'psycopg', 'simulator', 'rich'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", HELP.format(report)], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_explains_itself(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert f"\n  {COMMANDS[name][1]}\n" in result.stdout, "the table in cli.main repeats the command's first line"


def test_a_name_that_is_no_command_is_refused() -> None:
    result = CliRunner().invoke(main, ["syncc"])
    assert result.exit_code == 2
    assert "No such command 'syncc'" in result.stderr


@click.group(cls=Commands)
@click.option("--verbose", is_flag=True)
def failing(*, verbose: bool) -> None:
    """Stand in for the real group, with a command that fails."""


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> click.Group:
    @click.command()
    def fail() -> None:
        raise CommandError("The cellar is flooded. Bail it out.")

    monkeypatch.setattr(Commands, "get_command", lambda *_: fail)
    return failing


def test_an_expected_error_is_one_message_on_standard_error_and_status_1(group: click.Group) -> None:
    result = CliRunner().invoke(group, ["fail"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: The cellar is flooded. Bail it out.\n"


def test_verbose_adds_the_traceback(group: click.Group) -> None:
    result = CliRunner().invoke(group, ["--verbose", "fail"])
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("Error: The cellar is flooded. Bail it out.\n")


def test_a_mistake_of_ours_is_not_dressed_up_as_a_message() -> None:
    assert expected(KeyError("oops")) is None


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ingestion.settings import Settings

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "mysql://root:hunter2@localhost/x")
    with pytest.raises(ValueError, match="must begin") as caught:
        Settings()
    message = expected(caught.value)
    assert message is not None
    assert "DATABASE_URL" in message
    assert "must begin with postgresql://" in message
    assert "hunter2" not in message
