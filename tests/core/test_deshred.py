"""Deshred feeds are kept open where there are any, and the first copy of a signature counts."""

from math import inf

import pytest

from monitor.core.commands import CloseFeed, OpenFeed, Report
from monitor.core.deshred import ABSENT, SILENCE, DeshredFeeds, FirstCopies
from monitor.core.endings import Ending, EndReason

GONE = Ending(EndReason.TRANSIENT, "UNAVAILABLE", "gone")
ABSENCE = Ending(EndReason.FOREIGN, "UNIMPLEMENTED", "Method not found!")


def sentences(steps: list[OpenFeed | CloseFeed | Report]) -> list[str]:
    return [step.sentence for step in steps if isinstance(step, Report)]


def started(endpoints: int = 2) -> DeshredFeeds:
    feeds = DeshredFeeds(endpoints)
    assert list(feeds.start(0.0)) == [OpenFeed(n + 1, n, 0) for n in range(endpoints)]
    return feeds


def test_the_first_copy_counts() -> None:
    copies = FirstCopies()

    assert [copies.missing(b"a", 3), copies.missing(b"b", 3), copies.missing(b"a", 3)] == [
        3,
        3,
        0,
    ]
    assert copies.repeated == 1


def test_a_monitor_that_the_first_copy_left_out_gets_the_second() -> None:
    copies = FirstCopies()

    assert [copies.missing(b"a", 1), copies.missing(b"a", 3), copies.missing(b"a", 3)] == [
        1,
        2,
        0,
    ]


def test_a_copy_that_could_not_be_read_is_not_the_first() -> None:
    copies = FirstCopies(bound=2)
    for signature in (b"a", b"b"):
        copies.missing(signature, 3)
    copies.forget(b"a", 1)
    copies.forget(b"c", 1)

    assert [copies.missing(b"a", 3), copies.missing(b"b", 3), copies.missing(b"c", 3)] == [1, 0, 3]


def test_only_so_many_are_remembered_the_oldest_go() -> None:
    copies = FirstCopies(bound=2)

    for signature in (b"a", b"b", b"c"):
        copies.missing(signature, 1)

    assert [copies.missing(each, 1) for each in (b"c", b"b", b"a")] == [0, 0, 1]


def test_a_feed_that_ends_is_opened_again_under_a_new_number() -> None:
    feeds = started()
    list(feeds.opened(1, 0.1))

    (report,) = feeds.ended(1, GONE, 0.0, 1.0)

    assert isinstance(report, Report)
    assert (report.level, report.facts["endpoint"], report.facts["retry_in"]) == (
        "warning",
        0,
        0.25,
    )
    assert feeds.next_deadline() == 1.25
    assert list(feeds.tick(1.2)) == []
    assert list(feeds.tick(1.25)) == [OpenFeed(3, 0, 0)]


def delay_of(feeds: DeshredFeeds, number: int) -> float:
    """Of the next try after this feed's end."""
    (report,) = feeds.ended(number, GONE, 0.9, 0.0)
    assert isinstance(report, Report)
    list(feeds.tick(100.0))
    return float(report.facts["retry_in"])


def test_tries_grow_apart_until_something_comes() -> None:
    feeds = started(1)

    first, second = delay_of(feeds, 1), delay_of(feeds, 2)
    feeds.heard(3, 0.0)

    assert first < second
    assert delay_of(feeds, 3) == first


@pytest.mark.parametrize("reason", [EndReason.AUTH, EndReason.LIMIT, EndReason.FOREIGN])
def test_what_only_a_person_cures_is_an_error_and_tried_slowly(reason: EndReason) -> None:
    (report,) = started(1).ended(1, Ending(reason, "X", "x"), 0.0, 0.0)

    assert isinstance(report, Report)
    assert report.level == "error"
    assert report.facts["retry_in"] >= 15


def test_a_server_without_the_stream_is_told_of_once_and_asked_again_seldom() -> None:
    feeds = started()

    first = list(feeds.ended(1, ABSENCE, 0.0, 0.0))
    early = list(feeds.tick(SILENCE - 1))
    list(feeds.opened(2, SILENCE))
    feeds.heard(2, ABSENT)
    again = list(feeds.tick(ABSENT))
    second = list(feeds.ended(3, ABSENCE, 0.0, ABSENT + 1))

    assert sentences(first) == ["an endpoint had no deshred stream"]
    assert early == []
    assert again == [OpenFeed(3, 0, 0)]
    assert second == []


def test_when_no_endpoint_has_the_stream_that_is_an_error() -> None:
    feeds = started()
    list(feeds.ended(1, ABSENCE, 0.0, 0.0))

    told = list(feeds.ended(2, ABSENCE, 0.0, 0.0))

    assert sentences(told)[-1] == "no endpoint had a deshred stream, so deshred got nothing"


def test_an_endpoint_that_gets_the_stream_may_lose_it_again() -> None:
    feeds = started()
    list(feeds.ended(1, ABSENCE, 0.0, 0.0))
    feeds.heard(2, ABSENT)
    list(feeds.tick(ABSENT))
    assert sentences(list(feeds.opened(3, ABSENT))) == ["a deshred feed opened"]

    assert sentences(list(feeds.ended(3, ABSENCE, 0.0, ABSENT))) == [
        "an endpoint had no deshred stream"
    ]


def test_a_silent_feed_is_closed_once() -> None:
    feeds = started(1)
    feeds.heard(1, 5.0)

    assert feeds.next_deadline() == 5.0 + SILENCE
    steps = list(feeds.tick(5.0 + SILENCE))
    assert steps[-1] == CloseFeed(1)
    assert list(feeds.tick(6.0 + SILENCE)) == []


def test_time_in_which_we_did_not_read_is_no_silence() -> None:
    feeds = started(1)

    feeds.resumed(SILENCE)

    assert list(feeds.tick(SILENCE + 1)) == []


def test_feeds_of_earlier_numbers_change_nothing() -> None:
    feeds = started(1)
    list(feeds.ended(1, GONE, 0.0, 0.0))

    feeds.heard(1, 1.0)
    assert [*feeds.opened(1, 1.0), *feeds.ended(1, GONE, 0.0, 1.0)] == []


def test_an_endpoint_that_is_off_has_no_feed_until_it_is_used_again() -> None:
    feeds = started()
    list(feeds.opened(1, 0.1))

    report, closed = feeds.steer({0}, 1.0)

    assert (report, closed) == (
        Report("info", "a deshred feed was closed with its endpoint", {"endpoint": 0}),
        CloseFeed(1),
    )
    assert list(feeds.steer({0}, 2.0)) == []
    assert list(feeds.ended(1, GONE, 0.0, 2.0)) == []
    assert list(feeds.tick(2.0 + SILENCE - 3.0)) == []
    assert list(feeds.steer(frozenset(), 3.0)) == []
    assert feeds.next_deadline() == 3.0
    assert list(feeds.tick(3.0)) == [OpenFeed(3, 0, 0)]


def test_an_endpoint_that_is_off_at_the_start_or_while_it_is_away_is_not_tried() -> None:
    feeds = DeshredFeeds(2)
    assert list(feeds.steer({0}, 0.0)) == []
    assert list(feeds.start(0.0)) == [OpenFeed(1, 1, 0)]
    list(feeds.ended(1, GONE, 0.5, 1.0))
    assert list(feeds.steer({0, 1}, 1.0)) == []
    assert feeds.next_deadline() == inf
    assert list(feeds.tick(10_000.0)) == []
