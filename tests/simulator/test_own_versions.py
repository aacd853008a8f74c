"""A write under a number of its own is the same write."""

from monitor.simulator.own_versions import renumbered
from monitor.wire.pb import geyser_pb2
from tests.simulator.subscriber import make_region, request_all, subscribe, updates
from tests.simulator.tiny_chain import tiny_bank, tiny_chain, tiny_slot, tiny_write


def test_only_the_number_is_another() -> None:
    write = tiny_write(100, 1, 5)
    told = geyser_pb2.SubscribeUpdateAccount()
    told.CopyFrom(renumbered(write, 10**9).message)  # type: ignore[arg-type]
    assert told.account.write_version == 10**9 + 5
    told.account.write_version = 5
    assert told == write.message


def test_a_region_counts_all_its_writes_from_where_it_began() -> None:
    chain = tiny_chain(tiny_slot(tiny_bank(100, 99, writes=[(1, 5), (2, 6)])))
    region = make_region(chain, version_offset=1000)
    session = subscribe(region, request_all())
    region.advance(9.0)
    versions = [
        one.account.account.write_version for one in updates(session) if one.HasField("account")
    ]
    assert versions == [1005, 1006]
