"""What endpoints say of one slot, and who says the same."""

from monitor.core.banks import Meta
from monitor.core.chain import Commitment
from monitor.core.voices import Ballot, Voices

CONFIRMED, FINALIZED = Commitment.CONFIRMED, Commitment.FINALIZED
PROVIDERS = ("one", "two", "two", "three")


def meta(blockhash: str = "B5", *, parent: int = 4, count: int = 1, entries: int = 2) -> Meta:
    return Meta(blockhash, parent, f"B{parent}", None, count, entries)


def voters(ballots: list[Ballot]) -> list[tuple[tuple[int, ...], int]]:
    return [(each.voters, each.providers) for each in ballots]


def test_those_who_tell_the_same_block_agree() -> None:
    voices = Voices()
    for voter, level in ((0, CONFIRMED), (1, FINALIZED), (2, CONFIRMED)):
        voices.name(voter, meta())
        voices.tell(voter, level, is_open=False)
    assert voters(voices.ballots(CONFIRMED, PROVIDERS)) == [((0, 1, 2), 2)]
    assert voters(voices.ballots(FINALIZED, PROVIDERS)) == [((1,), 1)]


def test_a_count_of_entries_that_lacks_makes_no_other_block() -> None:
    voices = Voices()
    voices.name(0, meta())
    voices.name(1, meta(entries=0))
    assert voters(voices.ballots(-1, PROVIDERS)) == [((0, 1), 2)]


def test_another_parent_or_count_makes_another_block() -> None:
    voices = Voices()
    voices.name(0, meta())
    voices.name(1, meta(parent=3))
    voices.name(3, meta(count=2))
    assert voters(voices.ballots(-1, PROVIDERS, "B5")) == [((0,), 1), ((1,), 1), ((3,), 1)]
    assert voices.ballots(-1, PROVIDERS, "other") == []


def test_what_was_told_of_another_block_before_counts_no_more() -> None:
    voices = Voices()
    voices.name(0, meta("first"))
    voices.tell(0, CONFIRMED, is_open=False)
    voices.name(0, meta("first"))
    assert len(voices.ballots(CONFIRMED, PROVIDERS)) == 1
    voices.name(0, meta("second"))
    assert voices.ballots(CONFIRMED, PROVIDERS) == []


def test_a_status_in_the_middle_of_a_bank_waits_for_its_name() -> None:
    voices = Voices()
    voices.name(0, meta("first"))
    voices.tell(0, CONFIRMED, is_open=True)
    assert voices.ballots(CONFIRMED, PROVIDERS) == []
    voices.name(0, meta("second"))
    assert [each.meta.blockhash for each in voices.ballots(CONFIRMED, PROVIDERS)] == ["second"]


def test_too_few_are_told_of() -> None:
    voices = Voices()
    assert voices.shortage == ""
    voices.needed, voices.providers = 3, 2
    assert voices.shortage == "; quorum: 2 of 3"
    voices.providers = 3
    assert voices.shortage == ""
