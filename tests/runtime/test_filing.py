"""A certificate with names for numbers."""

from monitor.core.certificates import Certificate, SlotEnd, Source
from monitor.runtime.filing import stored_slot
from monitor.stored import StoredSlot

NAMES = ("ams", "nyc", "ams", "rpc")
"""By origin: what `ams` replays is another origin of the same name."""


def test_a_certificate_is_filed_with_names_and_milliseconds() -> None:
    certificate = Certificate(
        5,
        SlotEnd.RECOVERED,
        "transactions 0..1 counted",
        "B5",
        parent_slot=4,
        block_height=3,
        sources=(Source(1, 2, True), Source(3, 1, False)),
        missed_by=(0, 1),
        delay_ns=((0, 0), (1, 2_500_000)),
        parent_blockhash="B4",
        recovered_by="rpc",
    )
    assert stored_slot(certificate, NAMES, 17) == StoredSlot(
        slot=5,
        end=SlotEnd.RECOVERED,
        proof="transactions 0..1 counted",
        blockhash="B5",
        parent_slot=4,
        block_height=3,
        sources=(("nyc", 2, True), ("rpc", 1, False)),
        missed_by=("ams", "nyc"),
        delay_ms=(("ams", 0.0), ("nyc", 2.5)),
        recovered_by="rpc",
        closed_at_ns=17,
        parent_blockhash="B4",
    )


def test_what_an_endpoint_streamed_and_replayed_is_one_of_the_larger_count() -> None:
    for counts in ((9, 4), (4, 9)):
        sources = (Source(0, counts[0], False), Source(1, 1, False), Source(2, counts[1], True))
        stored = stored_slot(Certificate(5, SlotEnd.COMPLETE, "", sources=sources), NAMES, 0)
        assert stored.sources == (("ams", 9, True), ("nyc", 1, False))


def test_what_covered_as_a_stream_covers_whatever_the_replay_did() -> None:
    sources = (Source(0, 1, True), Source(2, 1, False))
    stored = stored_slot(Certificate(5, SlotEnd.COMPLETE, "", sources=sources), NAMES, 0)
    assert stored.sources == (("ams", 1, True),)
