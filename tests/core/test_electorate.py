"""Which endpoints can be heard, and who is believed."""

from monitor.core.chain import Commitment
from monitor.core.commands import Report
from monitor.core.electorate import OPENING
from monitor.core.events import FeedOpened, ReadingResumed, Started
from monitor.core.health import Placement
from monitor.core.kernel import Kernel
from monitor.core.policy import Policy
from monitor.core.quorum import QuorumPolicy
from monitor.core.scope import Scope
from tests.core.play import ALL, Play, tx

SHORT = "too few providers for a quorum can be heard"
AGAIN = "enough providers for a quorum can be heard again"
PLACES = (Placement("one"), Placement("two"))


def play() -> Play:
    return Play(ALL, feeds=2, placements=PLACES, quorum=QuorumPolicy(2))


def told(scene: Play) -> list[str]:
    return [each for each in scene.sentences() if each in (SHORT, AGAIN)]


def test_streams_are_given_a_while_to_open_at_the_start() -> None:
    policy = Policy(Commitment.CONFIRMED, placements=PLACES, quorum=QuorumPolicy(2))
    kernel = Kernel([ALL], 2, policy)

    def reports(now: float) -> list[str]:
        commands = kernel.tick(now)
        return [each.sentence for each in commands if isinstance(each, Report)]

    kernel.handle(Started(), 0.0)
    kernel.handle(FeedOpened(1), 0.1)
    assert SHORT not in reports(OPENING - 0.1)
    assert SHORT in reports(OPENING)
    kernel.handle(FeedOpened(2), OPENING + 0.1)
    kernel.check()


def test_a_stream_that_ends_is_missed_at_once() -> None:
    scene = play().ends(2)
    assert told(scene) == [SHORT]
    scene.at(2.0)
    scene.accepts(scene.opened()[-1])
    assert told(scene) == [SHORT, AGAIN]


def test_a_stream_that_we_open_anew_is_given_a_while() -> None:
    scene = play().at(1.0).block(1, 5, tx(5, 0))
    scene.kernel.connections.all[1].opened = False
    scene.says(1)
    assert told(scene) == []
    scene.at(4.0).block(1, 6, tx(6, 0)).at(OPENING + 1.0).says(1)
    assert told(scene) == [SHORT]


def test_a_stream_on_which_nothing_goes_on_is_missed() -> None:
    scene = play()
    for slot in range(5, 17):
        scene.at(scene.now + 0.4).block(1, slot, tx(slot, 0))
    assert told(scene) == []
    scene.at(5.1).block(1, 17, tx(17, 0))
    assert told(scene) == [SHORT]
    scene.block(2, 17, tx(17, 0))
    assert told(scene) == [SHORT, AGAIN]


def test_a_stream_that_names_no_blocks_has_no_voice() -> None:
    scene = play()
    scene.kernel.connections.all[1].scope = Scope.SLOTS
    scene.says(1)
    assert told(scene) == [SHORT]


def test_who_lost_our_trust_is_missed_until_it_is_regained() -> None:
    scene = play()
    trust = scene.kernel.health.trust[1]
    for value, found in (
        (0.49, [SHORT]),
        (0.55, [SHORT]),
        (0.61, [SHORT, AGAIN]),
        (0.55, [SHORT, AGAIN]),
    ):
        trust.value = value
        scene.says(1)
        assert told(scene) == found


def test_a_pause_of_our_reading_is_nobodys_silence() -> None:
    scene = play()
    scene.kernel.handle(ReadingResumed(20.0), 20.0)
    scene.now = 20.0
    scene.says(1)
    assert told(scene) == []


def test_where_one_is_enough_nobody_is_missed() -> None:
    scene = Play(ALL, feeds=2).ends(2)
    scene.kernel.handle(ReadingResumed(2.0), 2.0)
    assert told(scene) == []
