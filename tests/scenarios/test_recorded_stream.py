"""A stream recorded from mainnet in February 2026: its entries alone prove every slot that is whole in it."""

from monitor.core.certificates import Certificate, SlotEnd
from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.commands import Certify, Command
from monitor.core.events import FeedOpened, FramesArrived, Row, Started
from monitor.core.kernel import Kernel
from monitor.core.monitors import EntryFilter, Monitor
from monitor.core.policy import Policy
from tests.shared_data import needs_shared_data
from tests.wire.test_recorded_stream import recorded_rows

pytestmark = needs_shared_data

HOLD = 2.0


def finalized(slot: int) -> Row:
    """What the recording ends too early for: the server says that its last block is final."""
    return (Kind.SLOT, slot, int(SlotStatus.FINALIZED), 0, (None, None, 0), 0, None)


def certificates_of(rows: list[Row], first: int, last: int) -> dict[int, Certificate]:
    """What the kernel certifies, one feed having brought these rows."""
    kernel = Kernel(
        [Monitor("entries", entry=EntryFilter())],
        1,
        Policy(Commitment.CONFIRMED, start_slot=first, hold=HOLD),
    )
    said: list[Command] = list(kernel.handle(Started(), 0.0))
    said += kernel.handle(FeedOpened(1), 0.0)
    said += kernel.handle(FramesArrived(1, rows), 0.0)
    said += kernel.handle(FramesArrived(1, [finalized(last)]), 0.0)
    said += kernel.tick(HOLD)
    kernel.check()
    found = [c for command in said if isinstance(command, Certify) for c in command.certificates]
    return {certificate.slot: certificate for certificate in found}


def test_every_whole_slot_closes_by_its_entries_with_the_right_parent() -> None:
    rows = recorded_rows()
    metas = {row[1]: row for row in rows if row[0] == Kind.BLOCK_META}
    first, last = min(metas), max(metas)
    certificates = certificates_of(rows, first, last)

    assert sorted(certificates) == list(range(first, last + 1))
    # The recording begins in the midst of the first slot.
    assert certificates[first].end == SlotEnd.PARTIAL
    assert certificates[first].proof == "entries do not lead to the blockhash"
    for slot in range(first + 1, last + 1):
        certificate, meta = certificates[slot], metas[slot]
        assert (certificate.end, certificate.proof) == (
            SlotEnd.COMPLETE,
            "entries lead to the blockhash",
        )
        assert (certificate.blockhash, certificate.parent_slot) == (meta[2], meta[4][0])
        assert (certificate.parent_slot, metas[slot - 1][2]) == (slot - 1, meta[4][1])


def test_a_slot_that_lacks_one_entry_does_not_close() -> None:
    rows = recorded_rows()
    metas = {row[1] for row in rows if row[0] == Kind.BLOCK_META}
    first, last = min(metas), max(metas)
    torn = first + 9
    lost = next(at for at, row in enumerate(rows) if row[:2] == (Kind.ENTRY, torn) and row[4] == 7)
    certificates = certificates_of(rows[:lost] + rows[lost + 1 :], first, last)

    partial = [slot for slot, each in certificates.items() if each.end == SlotEnd.PARTIAL]
    assert sorted(partial) == [first, torn]
