"""Trap 20: SubscribeReplayInfo without its field means that there is no replay, and the largest u64 that nothing is stored yet."""

from collections.abc import Callable

import pytest

from monitor.adapters.grpc.probe import probe
from monitor.adapters.grpc.probes import GrpcProbes
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.core.commands import OpenFeed
from monitor.core.endings import Ending, EndReason
from monitor.core.events import FeedEnded
from monitor.core.reach import may_replay
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from monitor.runtime.probing import Probing
from monitor.simulator.region import Region
from monitor.wire.status import STREAMING, classify
from tests.adapters.grpc.servers import endpoint
from tests.adapters.grpc.test_probe import Answer, answering
from tests.adapters.grpc.test_probes import Hour, told
from tests.core.test_repair import Recovery, a_gap
from tests.patience import PATIENCE
from tests.runtime.fakes import Journal
from tests.simulator.subscriber import make_region, request_all, subscribe
from tests.simulator.tiny_chain import plain_chain

BOTH = RecoveryPolicy(rungs=(Rung.REPLAY, Rung.RPC), workers={Rung.REPLAY: 2, Rung.RPC: 8})
NOTHING_YET = 2**64 - 1


def without_replay() -> Region:
    """It has had a block, and stores none."""
    region = make_region(plain_chain(3), replay_stored_slots=0)
    region.advance(1.5)
    return region


def without_block() -> Region:
    """It stores blocks, and has had none."""
    region = make_region(plain_chain(3))
    region.advance(0.2)
    return region


def with_block() -> Region:
    region = make_region(plain_chain(3))
    region.advance(1.5)
    return region


def info_of(region: Region) -> Answer:
    return lambda request, _context: region.call("SubscribeReplayInfo", request, {}, 0.0)


def refusal(region: Region, from_slot: int) -> Ending:
    """How the region ends a stream that begins with a replay."""
    session = subscribe(region, request_all(from_slot=from_slot))
    region.advance(0.5)
    session.frames(1)
    assert session.ending is not None
    return classify(*session.ending, STREAMING)


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("region", "first", "logged"),
    [(without_replay, None, None), (without_block, NOTHING_YET, None), (with_block, 100, 100)],
)
async def test_what_a_server_says_of_its_replay_is_told_apart(
    region: Callable[[], Region], first: int | None, logged: int | None
) -> None:
    journal = Journal()
    with answering(told, info_of(region())) as port:
        found = await probe(endpoint(port), GrpcSettings(), PATIENCE)
        probes = GrpcProbes([endpoint(port)], GrpcSettings(), Hour(), PATIENCE)
        await Probing(probes, ["ams"], journal).probe(0)
    assert found.first_available == first
    assert [report.facts["first_available"] for report in journal.reports] == [logged]


def replay_ended(ending: Ending) -> Recovery:
    """A server ends a replay of slot 6 so."""
    play = a_gap(recovery=BOTH)
    feed = play.asked(OpenFeed)[-1].feed
    return play.accepts(feed).hears(FeedEnded(feed, ending, 0.0))


def told_by_number() -> Ending:
    """The words with which the largest u64 comes as the oldest slot."""
    text = f"broadcast from 6 is not available, last available: {NOTHING_YET}"
    return classify("OUT_OF_RANGE", text, STREAMING)


@pytest.mark.parametrize("refused", [lambda: refusal(without_block(), 100), told_by_number])
def test_a_server_that_stores_nothing_yet_has_no_floor_above_all_slots(
    refused: Callable[[], Ending],
) -> None:
    ending = refused()
    assert (ending.reason, ending.floor) == (EndReason.REPLAY_AHEAD, None)
    connections = replay_ended(ending).kernel.connections
    assert may_replay(connections.all[0], 6, 100.0)


def test_a_server_without_replay_is_asked_for_none_again() -> None:
    ending = refusal(without_replay(), 100)
    assert ending.reason is EndReason.REPLAY_OFF
    connections = replay_ended(ending).kernel.connections
    assert not may_replay(connections.all[0], 6, 100.0)
