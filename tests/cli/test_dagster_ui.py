"""Talking to a Dagster webserver that is not there."""

import pytest

from cli.dagster_ui import DagsterUi, DagsterUnavailable
from cli.ports import LOOPBACK, free_port


def test_a_webserver_that_is_not_there_is_told_with_advice() -> None:
    ui = DagsterUi(f"http://{LOOPBACK}:{free_port(19_000)}")
    assert not ui.answers()
    with pytest.raises(DagsterUnavailable, match=r"does not answer \(ConnectError\)\. See logs/webserver\.log"):
        ui.run_status("any")
