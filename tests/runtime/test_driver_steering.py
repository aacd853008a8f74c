"""What is decided about endpoints reaches the streams: requests, words and probes."""

from monitor.core.chain import Commitment
from monitor.core.events import Wished
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.kernel import Policy
from monitor.core.wishes import Want, Wish
from monitor.wire.pb import geyser_pb2
from tests.runtime.test_driver import AMS, NYC, Stage

STANDBY = Policy(Commitment.CONFIRMED, failover=FailoverPolicy(Strategy.STANDBY))


def asked_for(request: bytes) -> tuple[set[str], int]:
    """The hidden name of a request, and for how many kinds of updates beside the chain it asks."""
    message = geyser_pb2.SubscribeRequest.FromString(request)
    return set(message.slots), len(message.transactions)


async def test_the_one_who_is_ready_is_asked_for_everything_when_the_other_ends() -> None:
    stage = Stage(endpoints=(AMS, NYC), policy=STANDBY)
    async with stage.running():
        assert [asked_for(request) for _, request in stage.feeds.requests] == [
            ({"~1"}, 1),
            ({"~1"}, 0),
        ]
        await stage.opens(1)
        await stage.opens(2)
        await stage.ends(1)
    ((feed, request),) = stage.calls("send")
    assert (feed, asked_for(request)) == (2, ({"~2"}, 1))
    (report,) = stage.reported("a failing endpoint was replaced")
    assert (report.facts["endpoint"], report.facts["instead_of"]) == ("nyc", "ams")


async def test_a_probe_that_an_operator_asks_for_is_passed_on() -> None:
    stage = Stage(endpoints=(AMS, NYC))
    asked: list[int] = []
    async with stage.running():
        stage.driver.recovering.inbox.post(Wished(Wish(Want.PROBE, 1)))
        await stage.opens(1)
        assert asked == []
        stage.driver.probe = asked.append
        stage.driver.recovering.inbox.post(Wished(Wish(Want.PROBE, 1)))
        await stage.opens(2)
    assert asked == [1]
