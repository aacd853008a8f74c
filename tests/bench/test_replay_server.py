"""What the server sends, when, and with which stamp."""

from tests.bench.corpus import read_corpus
from tests.bench.peers.reading import request
from tests.bench.replay_server import CHUNK_BYTES, NS, Pace, Source
from tests.bench.slots import FIRST_SLOT, MESSAGES, names_asked, templates
from tests.bench.test_slots import updates_in

START = 7 * NS


def source(pace: Pace) -> Source:
    return Source(templates(read_corpus(), names_asked(request()), 2), pace, START)


def test_saturated_chunks_are_whole_messages_and_follow_each_other() -> None:
    stream = source(Pace())
    taken = []
    for nth in range(60):
        chunk = stream.chunk(START + nth, late=False)
        assert chunk is not None
        found = updates_in(chunk)
        assert len(chunk) <= CHUNK_BYTES or len(found) == 1
        assert {each.created_at.ToNanoseconds() for each in found} == {START + nth}
        taken += found
    metas = [each.block_meta.slot for each in taken if each.HasField("block_meta")]
    assert metas == list(range(FIRST_SLOT, FIRST_SLOT + len(metas)))
    assert len(metas) == len(taken) // MESSAGES > 2
    assert stream.sent == len(taken)


def test_paced_messages_leave_when_they_are_due() -> None:
    stream = source(Pace(rate=1_000.0))
    first = stream.chunk(START, late=False)
    assert first is not None
    assert len(updates_in(first)) == 1
    assert stream.chunk(START + 999_999, late=False) is None
    assert stream.due_ns(1) == START + 1_000_000
    second = stream.chunk(START + 3_000_000, late=False)
    assert second is not None
    assert [each.created_at.ToNanoseconds() for each in updates_in(second)] == [
        START + 3_000_000
    ] * 3


def test_messages_that_a_slow_client_delayed_are_stamped_when_they_were_due() -> None:
    stream = source(Pace(rate=1_000.0))
    chunk = stream.chunk(START + 2_000_000, late=True)
    assert chunk is not None
    stamps = [each.created_at.ToNanoseconds() - START for each in updates_in(chunk)]
    assert stamps == [0, 1_000_000, 2_000_000]


def test_after_its_limit_the_stream_is_silent() -> None:
    stream = source(Pace(limit=1_234))
    total = 0
    while (chunk := stream.chunk(START, late=False)) is not None:
        total += len(updates_in(chunk))
    assert total == stream.sent == 1_234
    assert stream.is_done
    assert stream.chunk(START + NS, late=False) is None


def test_a_burst_is_due_at_once_and_bears_the_moment_at_which_it_was_due() -> None:
    stream = source(Pace(rate=1_000.0, burst=50))
    for nth in range(2):
        due = START + nth * NS // 20
        assert stream.due_ns(stream.sent) == due
        assert stream.chunk(due - 1, late=False) is None
        found = []
        while (chunk := stream.chunk(due + 30_000_000, late=False)) is not None:
            found += updates_in(chunk)
        assert len(found) == 50
        assert {each.created_at.ToNanoseconds() for each in found} == {due}
