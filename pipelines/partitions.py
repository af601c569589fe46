"""One partition per connected shop: its key is the id of the row in `control.integrations`."""

from collections.abc import Collection

from dagster import AddDynamicPartitionsRequest, DeleteDynamicPartitionsRequest, DynamicPartitionsDefinition

integrations = DynamicPartitionsDefinition(name="integration")

PartitionRequest = AddDynamicPartitionsRequest | DeleteDynamicPartitionsRequest


def requests_to_match(connected: Collection[str], known: Collection[str]) -> list[PartitionRequest]:
    """Return what turns the partition keys that Dagster knows into the shops that are connected; none if they agree."""
    new = [key for key in connected if key not in set(known)]
    gone = [key for key in known if key not in set(connected)]
    return [
        *([integrations.build_add_request(new)] if new else []),
        *([integrations.build_delete_request(gone)] if gone else []),
    ]
