"""Keeping the partitions in step with the table of integrations."""

import pytest
from dagster import AddDynamicPartitionsRequest, DeleteDynamicPartitionsRequest

from pipelines.partitions import PartitionRequest, requests_to_match

ADD = AddDynamicPartitionsRequest("integration", ["b"])
DELETE = DeleteDynamicPartitionsRequest("integration", ["c"])


@pytest.mark.parametrize(
    ("connected", "known", "requests"),
    [
        ([], [], []),
        (["a"], ["a"], []),
        (["b", "a"], ["a", "b"], []),
        (["a", "b"], ["a"], [ADD]),
        (["a"], ["a", "c"], [DELETE]),
        (["b"], ["c"], [ADD, DELETE]),
    ],
)
def test_only_the_difference_is_requested(
    connected: list[str], known: list[str], requests: list[PartitionRequest]
) -> None:
    assert requests_to_match(connected, known) == requests
