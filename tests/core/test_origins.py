"""Origins: every place an update may come from has a number of its own, and a name and a word for it."""

import pytest

from monitor.core.origins import Origins


@pytest.mark.parametrize(("endpoints", "rpcs"), [(1, 0), (1, 1), (3, 2), (2, 5)])
def test_every_place_has_a_number_of_its_own(endpoints: int, rpcs: int) -> None:
    origins = Origins(endpoints, rpcs)
    live = list(range(endpoints))
    replays = [origins.replay(endpoint) for endpoint in range(endpoints)]
    blocks = [origins.rpc(rpc) for rpc in range(rpcs)]
    states = [origins.reconciled(rpc) for rpc in range(rpcs)]
    assert live + replays + blocks + states == list(range(origins.count))


def test_each_has_the_name_and_the_word_of_its_record() -> None:
    origins = Origins(endpoints=2, rpcs=2)
    names = origins.names(["ams", "nyc"], ["main", "old"])
    words = origins.words(archives=frozenset({1}))
    assert list(zip(words, names, strict=True)) == [
        ("live", "ams"),
        ("live", "nyc"),
        ("replay", "ams"),
        ("replay", "nyc"),
        ("rpc", "main"),
        ("archive", "old"),
        ("reconciled", "main"),
        ("reconciled", "old"),
    ]


def test_without_rpcs_there_are_streams_and_replays_alone() -> None:
    assert Origins(endpoints=2).words() == ["live", "live", "replay", "replay"]
