"""The words of certificates: they are kept in the store, so they may not change."""

from monitor.core.certificates import CLOSED, SlotEnd


def test_the_words_are_those_that_stores_and_metrics_hold() -> None:
    assert [end.value for end in SlotEnd] == [
        "complete",
        "partial",
        "recovered",
        "skipped",
        "forked",
        "dead",
        "lost",
    ]


def test_what_is_partial_or_lost_stays_open() -> None:
    assert set(SlotEnd) - CLOSED == {SlotEnd.PARTIAL, SlotEnd.LOST}
