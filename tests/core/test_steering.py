"""Decisions become what streams are asked for, in a kernel whose endpoints do well, fail, fall silent and come back."""

from typing import Any

import pytest

from monitor.core.chain import SlotStatus
from monitor.core.commands import AmendFeed, CloseFeed, OpenFeed, ProbeEndpoint
from monitor.core.endings import EndReason
from monitor.core.endpoint_health import Circuit, Role
from monitor.core.events import FeedOpened, Row, Wished
from monitor.core.failover import FailoverPolicy, Strategy, What
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.core.wishes import Want, Wish
from tests.core.play import ALL, SOME, Play, confirmed, finalized, meta, processed, status, tx

SLOT_TIME = 0.4
STANDBY = FailoverPolicy(Strategy.STANDBY)


def play_of(policy: FailoverPolicy, feeds: int = 3, **more: Any) -> Play:
    return Play(SOME, feeds=feeds, failover=policy, **more)


def begun(slot: int, generation: int) -> Row:
    return status(slot, SlotStatus.CREATED_BANK, slot - 1, generation)


def wished(play: Play, want: Want, endpoint: int) -> None:
    play._do(play.kernel.handle(Wished(Wish(want, endpoint)), play.now))


class Stream:
    """Slots that go on at the endpoints: a hot one tells everything, a warm one the chain alone."""

    def __init__(self, play: Play, first: int = 100) -> None:
        self.play = play
        self.slot = first
        self.mute: set[int] = set()

    def goes_on(self, slots: int) -> None:
        """So many slots pass at all endpoints whose stream is open."""
        for _ in range(slots):
            self.play.at(self.play.now + SLOT_TIME)
            for connection in self.play.kernel.connections.all:
                if connection.feed is not None and connection.endpoint not in self.mute:
                    self._tells(connection.feed, connection.generation, connection.scope)
            self.slot += 1

    def _tells(self, feed: int, generation: int, scope: Scope | None) -> None:
        rows = [begun(self.slot, generation)]
        if scope is Scope.EVERYTHING:
            rows.append(tx(self.slot, 0, f"t{self.slot}"))
        if scope is not Scope.SLOTS:
            rows.append(meta(self.slot))
        rows += [processed(self.slot), confirmed(self.slot - 1), finalized(self.slot - 3)]
        self.play.says(feed, *rows)


def scopes(play: Play) -> list[Scope | None]:
    return [connection.scope for connection in play.kernel.connections.all]


def circuit(play: Play, endpoint: int) -> Circuit:
    return play.kernel.connections.all[endpoint].breaker.state


def told(play: Play) -> list[str]:
    names = ["a", "b", "c", "d"]
    return [each.what for each in play.kernel.decisions.told(names)]


def test_where_there_is_a_place_for_each_all_are_hot_and_nothing_was_chosen() -> None:
    play = Play(ALL, feeds=3)
    assert play.of(OpenFeed) == [OpenFeed(feed, feed - 1, 1) for feed in (1, 2, 3)]
    assert set(play.sentences()) == {"a feed opened"}
    assert play.kernel.health.roles == [Role.HOT] * 3


def test_more_endpoints_than_places_are_ready_and_asked_for_the_chain_alone() -> None:
    play = play_of(FailoverPolicy(hot=2), feeds=4)
    everything, chain = Scope.EVERYTHING, Scope.CHAIN
    assert [each.scope for each in play.of(OpenFeed)] == [everything, everything, chain, chain]
    assert play.kernel.health.roles == [Role.HOT, Role.HOT, Role.WARM, Role.WARM]


def test_the_one_who_is_ready_takes_over_at_once_and_replays_what_is_missing() -> None:
    play = play_of(STANDBY, feeds=2)
    stream = Stream(play)
    stream.goes_on(10)
    play.says(1, begun(110, 1), tx(110, 0, "t110"))
    play.ends(1)
    assert play.of(AmendFeed) == [AmendFeed(2, 2, None, Scope.EVERYTHING)]
    assert scopes(play) == [Scope.CHAIN, Scope.EVERYTHING]
    assert told(play) == [What.CHOSEN, What.REPLACED]
    play.says(2, meta(110))
    stream.slot = 111
    stream.goes_on(1)
    assert play.of(AmendFeed)[1:] == [AmendFeed(2, 2, 110, Scope.EVERYTHING)]


def test_a_slot_that_had_begun_when_more_was_asked_for_is_not_whole() -> None:
    play = play_of(STANDBY, feeds=2)
    stream = Stream(play)
    stream.goes_on(5)
    play.says(2, begun(105, 1))
    play.ends(1)
    play.says(2, meta(105), begun(106, 2), meta(106, transactions=0))
    covers = [play.kernel.join.slots[slot].current[2].covers for slot in (105, 106)]
    assert covers == [False, True]


def test_a_slot_that_had_begun_when_less_was_asked_for_is_not_whole() -> None:
    play = play_of(STANDBY, feeds=2)
    stream = Stream(play)
    stream.goes_on(5)
    play.says(1, begun(105, 1))
    wished(play, Want.PROMOTE, 1)
    for slot in (105, 106, 107):
        play.says(2, begun(slot, 2), meta(slot, transactions=0))
        play.at(play.now + SLOT_TIME)
    play.at(play.now + 1)
    assert scopes(play) == [Scope.CHAIN, Scope.EVERYTHING]
    play.says(1, meta(105))
    assert not play.kernel.join.slots[105].current[1].covers


def test_nobody_is_blamed_for_what_was_not_asked_of_it() -> None:
    play = play_of(STANDBY, feeds=3)
    Stream(play).goes_on(40)
    assert {each.missed_by for each in play.certificates().values()} == {()}
    assert play.kernel.tally.missed == [0, 0, 0]
    assert [health.miss_rate for health in play.kernel.health.snapshot(play.now)] == [0, 0, 0]


@pytest.mark.parametrize("slot_time", [0.4, 2.0])
def test_silence_is_found_within_five_seconds_or_twelve_slots(slot_time: float) -> None:
    play = play_of(STANDBY, feeds=3)
    play.kernel.join.pace.slot_time = slot_time
    stream = Stream(play)
    stream.goes_on(1)
    play.kernel.join.pace.slot_time = slot_time
    since = play.now
    bound = max(5.0, 12 * slot_time)
    play.at(since + bound - 0.01)
    assert told(play) == [What.CHOSEN]
    play.at(since + bound + 0.01)
    assert told(play)[1] in (What.REPLACED, What.KEPT)


def test_who_is_drained_has_no_stream_until_it_is_promoted() -> None:
    play = play_of(FailoverPolicy(hot=2), feeds=3)
    stream = Stream(play)
    stream.goes_on(80)
    wished(play, Want.DRAIN, 0)
    assert scopes(play) == [Scope.EVERYTHING] * 3  # make before break
    stream.goes_on(4)
    assert scopes(play) == [None, Scope.EVERYTHING, Scope.EVERYTHING]
    assert play.of(CloseFeed) == [CloseFeed(1)]
    assert play.kernel.steering.wishes.drained == {0}
    assert play.kernel.health.roles[0] is Role.OFF
    play.ends(1)
    assert play.kernel.connections.all[0].breaker.failures == 0
    opened = len(play.of(OpenFeed))
    play.at(play.now + 100)
    assert len(play.of(OpenFeed)) == opened
    wished(play, Want.PROMOTE, 0)
    assert play.of(OpenFeed)[opened:] == [OpenFeed(4, 0, 1, scope=Scope.CHAIN)]
    play.accepts(4)
    stream.goes_on(4)
    assert scopes(play)[0] is Scope.EVERYTHING


def test_who_is_drained_while_it_is_away_is_not_tried_again() -> None:
    play = play_of(FailoverPolicy(hot=2), feeds=3)
    play.ends(3)
    wished(play, Want.DRAIN, 2)
    opened = len(play.of(OpenFeed))
    play.at(60.0)
    assert len(play.of(OpenFeed)) == opened


def test_who_was_drained_before_this_start_has_no_stream_either() -> None:
    play = play_of(FailoverPolicy(hot=3), feeds=3, drained=frozenset({1}))
    assert [each.endpoint for each in play.of(OpenFeed)] == [0, 2]
    assert play.kernel.health.roles == [Role.HOT, Role.OFF, Role.HOT]
    assert play.kernel.steering.wishes.lasting == {1}
    words = play.kernel.decisions.told(["a", "b", "c"], 1)
    assert [(each.what, each.why) for each in words] == [
        (What.DRAINED, "an operator asked for it before this start")
    ]
    wished(play, Want.RELEASE, 1)
    assert [each.endpoint for each in play.of(OpenFeed)] == [0, 2, 1]


def test_where_all_were_drained_before_this_start_one_is_used() -> None:
    play = play_of(FailoverPolicy(hot=3), feeds=2, drained=frozenset({0, 1}))
    assert [each.endpoint for each in play.of(OpenFeed)] == [0]
    assert play.kernel.health.roles == [Role.HOT, Role.OFF]


def test_a_drain_for_a_while_is_over_without_another_word() -> None:
    play = play_of(FailoverPolicy(hot=2), feeds=3)
    stream = Stream(play)
    stream.goes_on(80)
    play._do(play.kernel.handle(Wished(Wish(Want.DRAIN, 0, 20.0)), play.now))
    stream.goes_on(4)
    assert scopes(play)[0] is None
    assert play.kernel.steering.wishes.lasting == frozenset()
    stream.goes_on(50)
    assert scopes(play)[0] is not None


def test_a_probe_is_asked_for() -> None:
    play = play_of(STANDBY)
    wished(play, Want.PROBE, 2)
    assert play.of(ProbeEndpoint) == [ProbeEndpoint(2)]
    assert told(play)[-1] == What.PROBED


def test_one_that_failed_is_asked_for_everything_where_nobody_else_could_bring_it() -> None:
    play = Play(ALL, feeds=3)
    stream = Stream(play)
    stream.goes_on(5)
    play.ends(3).at(play.now + 6)
    play.ends(4)
    assert What.DEMOTED in told(play)
    assert [each.scope for each in play.of(OpenFeed)] == [Scope.EVERYTHING] * 4
    assert play.kernel.health.roles == [Role.HOT] * 3


def test_but_one_that_is_not_believed_is_not() -> None:
    play = Play(ALL, feeds=3)
    Stream(play).goes_on(5)
    for _ in range(20):
        play.kernel.health.audited(2, 103, 1, play.now)
    play.at(play.now + 1)
    assert scopes(play) == [Scope.EVERYTHING, Scope.EVERYTHING, Scope.CHAIN]
    assert play.kernel.health.roles[2] is Role.WARM


def test_slots_that_are_told_close_the_circuit_of_one_that_is_asked_for_no_more() -> None:
    play = play_of(STANDBY, feeds=2)
    stream = Stream(play)
    stream.goes_on(5)
    for _ in range(5):
        feed = play.kernel.connections.all[1].feed
        assert feed is not None
        play.ends(feed)
        play.at(play.now + 40)
    states = [circuit(play, 1)]
    stream.goes_on(40)
    assert [*states, circuit(play, 1)] == [Circuit.HALF_OPEN, Circuit.CLOSED]


def test_when_we_are_too_slow_those_who_are_ready_tell_slots_alone() -> None:
    play = play_of(FailoverPolicy(hot=2), feeds=4)
    stream = Stream(play)
    stream.goes_on(20)
    play.ends(1, EndReason.LAGGED)
    assert scopes(play) == [Scope.EVERYTHING, Scope.EVERYTHING, Scope.SLOTS, Scope.SLOTS]
    assert told(play)[-1] == What.SHED
    play.kernel.handle(FeedOpened(5), play.now)
    banks = len(play.kernel.join.slots[stream.slot - 1].banks)
    stream.goes_on(1)
    assert len(play.kernel.join.slots[stream.slot - 1].banks) == banks - 2
    stream.goes_on(40)
    assert [each.silent_for < 1 for each in play.kernel.health.snapshot(play.now)] == [True] * 4
    assert play.kernel.connections.all[2].breaker.failures == 0


def test_a_reader_that_can_send_one_request_alone_opens_another_stream() -> None:
    play = play_of(STANDBY, feeds=2, can_amend=False)
    stream = Stream(play)
    stream.goes_on(15)
    play.says(1, begun(115, 1), tx(115, 0, "t115")).says(2, meta(115))
    play.ends(1)
    assert play.of(AmendFeed) == []
    assert play.of(CloseFeed) == [CloseFeed(2)]
    (reopened,) = play.of(OpenFeed)[2:]
    assert (reopened.endpoint, reopened.scope) == (1, Scope.EVERYTHING)
    assert reopened.from_slot == 115
    play.ends(2)
    play.at(play.now + 1)
    (warm,) = play.of(OpenFeed)[3:]
    assert (warm.endpoint, warm.scope, warm.from_slot) == (0, Scope.CHAIN, None)


def test_whoever_is_asked_for_more_is_asked_first() -> None:
    play = play_of(STANDBY, feeds=2)
    stream = Stream(play)
    stream.goes_on(20)
    stream.mute = {0}
    stream.goes_on(14)
    asked = [(each.feed, each.scope) for each in play.of(AmendFeed) if each.from_slot is None]
    assert asked == [(2, Scope.EVERYTHING), (1, Scope.CHAIN)]


SPREAD = FailoverPolicy(Strategy.SPREAD, hot=3, units=(0b001, 0b010, 0b100))


def carried(play: Play) -> list[int]:
    return [connection.carried for connection in play.kernel.connections.all]


def test_each_hot_endpoint_is_asked_for_its_monitors_from_the_opening_on() -> None:
    play = play_of(SPREAD, feeds=4)
    asked = [(each.scope, each.carried) for each in play.of(OpenFeed)]
    hot = [(Scope.EVERYTHING, mask) for mask in (0b011, 0b101, 0b110)]
    assert asked == [*hot, (Scope.CHAIN, EVERY_MONITOR)]


def test_whoever_gains_monitors_covers_them_before_others_are_asked_for_less() -> None:
    play = play_of(SPREAD, feeds=4)
    stream = Stream(play)
    stream.goes_on(4)
    wished(play, Want.PROMOTE, 3)
    assert carried(play)[3] != EVERY_MONITOR
    before = carried(play)
    asked = [(each.feed, each.generation, each.carried) for each in play.of(AmendFeed)]
    for slot in (
        104,
        105,
        106,
    ):  # begun under the request before, so not covered for whom it gained
        feeds = dict(enumerate((1, 1, 1, 1), 1)) | {feed: g - 1 for feed, g, _ in asked}
        for feed, generation in feeds.items():
            play.says(feed, begun(slot, generation), meta(slot, transactions=0))
        play.at(play.now + SLOT_TIME)
    assert carried(play) == before
    stream.slot = 107
    stream.goes_on(4)
    play.at(play.now + 1.1)
    assert carried(play) != before
    assert sum(each.bit_count() for each in carried(play) if each != EVERY_MONITOR) == 6


def test_a_slot_that_began_before_more_monitors_were_asked_for_is_no_progress_with_them() -> None:
    play = play_of(SPREAD, feeds=3)
    Stream(play).goes_on(4)
    kernel, connection = play.kernel, play.kernel.connections.all[0]
    missing = kernel.holes.missing_from
    more = kernel.connections.ask(connection, Scope.EVERYTHING, missing, play.now, 0b111)
    play._do(list(kernel._amending(more)))
    progress = []
    for slot, generation in ((104, 1), (105, 2)):
        play.says(1, begun(slot, generation), meta(slot, transactions=0))
        progress.append(connection.complete)
    assert progress == [0, 1]
    assert kernel.join.slots[104].current[1].covers


def test_other_monitors_are_asked_for_when_the_replay_is_over_and_not_covered_before() -> None:
    play = play_of(SPREAD, feeds=3)
    Stream(play).goes_on(4)
    connection = play.kernel.connections.all[0]
    connection.carried = connection.sent_for = 0b111
    connection.replay_from, connection.replay_since = 100, play.now
    play.at(play.now + 1.1)
    assert play.of(AmendFeed) == []
    assert connection.complete == 0
    connection.replay_from = None
    play.at(play.now + 1.1)
    assert play.of(AmendFeed) == [AmendFeed(1, 2, None, carried=0b011)]


def test_where_streams_take_one_request_alone_nothing_is_divided() -> None:
    play = play_of(SPREAD, feeds=3, can_amend=False)
    assert carried(play) == [EVERY_MONITOR] * 3


def test_rows_are_noted_from_the_first_step_of_less_load_on() -> None:
    play = play_of(FailoverPolicy(hot=3, units=(0b001, 0b010, 0b100)), feeds=4)
    stream = Stream(play)
    stream.goes_on(20)
    assert play.kernel.join.slots[119].shared.masks is None
    for feed in (1, 5):
        play.ends(feed, EndReason.LAGGED)
        stream.goes_on(1)
        assert play.kernel.join.slots[stream.slot - 1].shared.masks is not None
        stream.goes_on(60)
    assert sorted(carried(play)) == [EVERY_MONITOR, 0b011, 0b101, 0b110]


def test_what_warm_ones_did_not_replay_keeps_nobody_waiting() -> None:
    play = play_of(STANDBY, feeds=3)
    connections = play.kernel.connections
    connections.all[0].replayed_below = 50
    assert connections.replayed_below() == (50, 50)
    for connection in connections.all:
        connection.scope = Scope.CHAIN
    assert connections.replayed_below() == (0, 0)
