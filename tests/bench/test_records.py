"""The bench of records compares ways that give the same record."""

from tests.bench.records import costs, events, ways


def test_every_way_gives_the_same_record_and_has_its_cost() -> None:
    for listed in events().values():
        each = ways(listed)
        for event in listed[:20]:
            assert len({way(event) for way in each.values()}) == 1
        found = costs(listed[:20], each, runs=1)
        assert set(found) == set(each)
        assert all(cost >= 0 for cost in found.values())
