import dataclasses

import pytest

from monitor.adapters.metrics.snapshot import EndpointCounts, SinkCounts, Snapshot


@pytest.mark.parametrize("counts", [Snapshot(), EndpointCounts(), SinkCounts()])
def test_counts_cannot_change_once_taken(counts: Snapshot | EndpointCounts | SinkCounts) -> None:
    first = dataclasses.fields(counts)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(counts, first, {})


def test_nothing_is_shared_between_snapshots() -> None:
    assert Snapshot().endpoints is not Snapshot().endpoints
    assert EndpointCounts().messages is not EndpointCounts().messages
