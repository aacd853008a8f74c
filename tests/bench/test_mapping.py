"""The bench of the mapping measures each way both ways and tells what reaches its goal."""

from tests.bench.mapping import DEXES, GOALS, PLAIN, UNFILTERED, costs, readers, table
from tests.rpc_bodies import body
from tests.wire.test_blocks import OLDEST


def test_every_reader_reads_and_has_its_costs() -> None:
    answer = body(OLDEST)
    ways = {
        name: lambda reader=reader: reader.read(100, answer, 0)
        for name, reader in readers().items()
    }
    assert len(ways[UNFILTERED]().rows) == 3
    assert all(len(ways[name]().rows) == 1 for name in DEXES)
    found = costs(ways, passes=2)
    assert set(found) == {UNFILTERED, *DEXES}
    assert all(cost >= 0 for each in found.values() for cost in each)


def test_the_table_says_which_goals_are_reached() -> None:
    dex = next(iter(DEXES))
    found = {PLAIN: (10.0, 10.0), UNFILTERED: (49.0, 49.9), dex: (19.0, 20.1)}
    _, _, plain, unfiltered, filtered = table(found, {dex: 7})
    assert "under" not in plain
    assert "4.90 | 4.99 | under 5: reached" in unfiltered
    assert "| 7 |" in filtered
    assert "1.90 | 2.01 | under 2: MISSED" in filtered
    assert set(GOALS) == {UNFILTERED, *DEXES}
