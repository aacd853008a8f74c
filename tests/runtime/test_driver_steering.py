"""What is decided about endpoints reaches the streams: requests, words and probes."""

from monitor.core.chain import Commitment
from monitor.core.events import Wished
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.policy import Policy
from monitor.core.wishes import Want, Wish
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from tests.runtime.test_driver import ALL, AMS, NYC, Stage, slot_of

TYO = Endpoint("tyo", "http://tyo")
REST = Monitor("rest", transactions=TransactionsFilter(vote=False))
SPREAD = Policy(Commitment.CONFIRMED, failover=FailoverPolicy(Strategy.SPREAD, units=(1, 2)))
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


def carried(request: bytes) -> set[str]:
    """The monitors that a request is for."""
    return {*geyser_pb2.SubscribeRequest.FromString(request).transactions}


async def test_monitors_are_asked_of_two_feeds_each_and_a_row_of_any_names_all_who_want_it() -> (
    None
):
    stage = Stage(monitors=(ALL, REST), endpoints=(AMS, NYC, TYO), policy=SPREAD)
    async with stage.running():
        shares = [carried(request) for _, request in stage.feeds.requests]
        assert sorted(shares, key=len) == [{"all"}, {"rest"}, {"all", "rest"}]
        feed = shares.index({"all"}) + 1
        await stage.opens(feed)
        await stage.says(feed, *slot_of(5, 0))
    assert [record["monitors"] for record in stage.records()] == [["all", "rest"]]


async def test_those_who_stand_in_for_a_drained_one_are_asked_for_more_on_the_open_stream() -> None:
    stage = Stage(monitors=(ALL, REST), endpoints=(AMS, NYC, TYO), policy=SPREAD)
    async with stage.running():
        for feed in (1, 2, 3):
            await stage.opens(feed)
            await stage.says(feed, *(frame for slot in range(5, 10) for frame in slot_of(slot)))
        shares = [carried(request) for _, request in stage.feeds.requests]
        drained = shares.index({"all", "rest"})
        stage.driver.recovering.inbox.post(Wished(Wish(Want.DRAIN, drained)))
        await stage.opens(1)
        sent = stage.calls("send")
    assert [feed for feed, _ in sent] == sorted({1, 2, 3} - {drained + 1})
    assert [carried(request) for _, request in sent] == [{"all", "rest"}] * 2
