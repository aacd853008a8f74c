"""From released events to records in the outboxes: the last judgement, the record, and who gets it.

A record is made once for all sinks that name the same monitors of it. Filters that a server was not asked for
exactly are judged here, and data slices that it did not cut are cut here. What a sink held before the daemon
started again is not queued a second time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from google.protobuf.message import DecodeError

from monitor.core.certificates import CLOSED, Certificate
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Release, Released, Report
from monitor.core.errors import FrameMalformed
from monitor.core.events import Row
from monitor.core.monitors import DataSlice, Monitor
from monitor.ports import Clock, Reporter, Written
from monitor.runtime.outbox import Outbox
from monitor.runtime.versions import Versions
from monitor.wire.filters import LocalFilters
from monitor.wire.pb import geyser_pb2
from monitor.wire.records import RecordWriter, block_key
from monitor.wire.trim import BlockTrim, trim_block

_ID_BEGINS: Final = len(b'{"id":"')
_SHAPED: Final = frozenset((Kind.ACCOUNT, Kind.BLOCK))

_mask: Final = itemgetter(0)  # of an event
_row: Final = itemgetter(5)  # of an event
_kind: Final = itemgetter(0)  # of a row


@dataclass(frozen=True, slots=True)
class Route:
    """A sink's queue and the monitors that it is for."""

    outbox: Outbox
    mask: int
    written: Written = field(default_factory=dict)
    """Events that the sink held when the daemon started, of slots that are not closed since."""
    open_slots: set[int] = field(default_factory=set)
    """Of these, slots whose certificate leaves them open: settling does not end them, a recovery may release them."""
    _versions: dict[int, Versions] = field(default_factory=dict)
    """Of these slots, as far as anything came of them."""

    def versions(self, slot: int) -> Versions:
        """What the sink holds of the versions of a slot that is in `written`."""
        found = self._versions.get(slot)
        if found is None:
            found = self._versions[slot] = Versions.of(self.written[slot])
        return found

    def forget(self, slot: int) -> None:
        """Nothing of this slot is released again."""
        self.written.pop(slot, None)
        self._versions.pop(slot, None)
        self.open_slots.discard(slot)


@dataclass(frozen=True, slots=True)
class AccountShape:
    """Monitors in whose records accounts look alike, alone or in a block."""

    mask: int
    data_slices: tuple[DataSlice, ...] | None
    """To cut here; None when the server has cut, or nobody asked for slices."""
    every_write: bool


class Delivery:
    """Performs `Release`."""

    def __init__(
        self,
        monitors: Sequence[Monitor],
        routes: Sequence[Route],
        writer: RecordWriter,
        judged: dict[Kind, int],
        clock: Clock,
        reporter: Reporter,
        *,
        slices_on_server: bool,
    ) -> None:
        self.events: dict[tuple[int, int, int], int] = {}
        """(route, kind, monitor mask) to events handed to that sink; for metrics."""
        self.malformed = 0
        """Events that were lost because their frame did not decode."""
        self.repeated = 0
        """Events that were not queued because the sink held them for all its monitors."""
        self._routes = routes
        self._writer = writer
        self._judged = {int(kind): mask for kind, mask in judged.items() if mask}
        self._filters = LocalFilters(monitors)
        self._trims = {
            1 << i: BlockTrim(monitor.blocks)
            for i, monitor in enumerate(monitors)
            if monitor.blocks is not None and self._judged.get(Kind.BLOCK, 0) >> i & 1
        }
        self._clock = clock
        self._reporter = reporter
        self._shapes = account_shapes(monitors, slices_on_server=slices_on_server)
        self.makes_records = any(route.outbox.takes_records for route in routes)
        """Whether some sink has a use for records."""
        self.makes_blocks = any(monitor.blocks is not None for monitor in monitors)
        """Whether records of whole blocks may be asked for."""
        self._utc_offset = 0
        """Nanoseconds from the clock's stamps to UTC, read anew for each release."""
        self._block: Row | None = None
        """The row of the block that is to be handed on next, if its record is made in pieces."""
        self._block_ends: dict[AccountShape | None, list[bytes]] = {}
        """The end of its line in pieces."""

    def prepare_block(self, released: Released) -> Iterator[int]:
        """Make the record of the block that is handed on next in pieces; gives the size of each.

        A block that is trimmed first, or that cannot be read, is left to `hand_on`.
        """
        mask, row = released[0], released[5]
        if self._judged.get(row[0], 0) & mask or not self.makes_records:
            return
        for shape in self._shapes:
            if mask & shape.mask:
                pieces: list[bytes] = []
                try:
                    for piece in self._writer.prepare_block(released, shape.data_slices):
                        pieces.append(piece)
                        yield len(piece)
                except FrameMalformed:
                    return
                self._block = row
                self._block_ends[shape] = pieces

    def hand_on(self, release: Release) -> None:
        """Queue every event of the release, in order."""
        if not self.makes_records and not self._judged:
            self._count(release.released)
            return
        self._utc_offset = self._clock.utc_ns(0)
        for released in release.released:
            try:
                self._hand_on(released, release.commitment)
            except FrameMalformed as error:
                self.malformed += 1
                facts = {"error": str(error), "slot": released[5][1]}
                self._reporter.report(Report("error", "an event could not be decoded", facts))
        self._block = None
        self._block_ends = {}

    def _count(self, released: list[Released]) -> None:
        """No sink has a use for records: how many events there are is all that is asked."""
        counts = Counter(zip(map(_kind, map(_row, released)), map(_mask, released), strict=True))
        for (kind, mask), count in counts.items():
            for index, route in enumerate(self._routes):
                if wanted := mask & route.mask:
                    counted = (index, kind, wanted)
                    self.events[counted] = self.events.get(counted, 0) + count

    def _hand_on(self, released: Released, level: Commitment) -> None:
        mask, row = released[0], released[5]
        judged = self._judged.get(row[0], 0) & mask
        if judged and row[0] == Kind.BLOCK:
            released = (*released[:5], trimmed(row, self._trims[mask]))
        elif judged and row[6] is not None:
            mask &= ~judged
            mask |= self._filters.judge(row[0], row[6], judged, level)
        if not mask:
            return
        row = released[5]
        if row[0] in _SHAPED:
            for shape in self._shapes:
                if mask & shape.mask:
                    self._queue(released, row, mask & shape.mask, level, shape)
        else:
            self._queue(released, row, mask, level, None)

    def certify(self, certificates: Sequence[Certificate], given: Iterable[int] = ()) -> None:
        """Nothing of closed slots is released again; something of open ones may be, however late.

        `given`: slots of which the store learns what was handed on.
        """
        told = {certificate.slot for certificate in certificates}.union(given)
        for route in self._routes:
            for slot in told:
                route.outbox.certify(slot)
            for certificate in certificates:
                slot = certificate.slot
                if certificate.end in CLOSED:
                    route.forget(slot)
                elif slot in route.written:
                    route.open_slots.add(slot)

    def settle(self, slot: int) -> None:
        """Nothing up to this slot is released again, but of slots that are open."""
        for route in self._routes:
            for held in route.written.keys() - route.open_slots:
                if held <= slot:
                    route.forget(held)

    def is_full(self) -> bool:
        """Whether some sink cannot take more for now."""
        return any(route.outbox.is_full() for route in self._routes)

    async def has_room(self) -> None:
        """Return once every sink can take more."""
        for route in self._routes:
            await route.outbox.has_room()

    def _queue(
        self, released: Released, row: Row, mask: int, level: Commitment, shape: AccountShape | None
    ) -> None:
        lines: dict[int, bytes] = {}
        slot = row[1]
        for index, route in enumerate(self._routes):
            wanted = mask & route.mask
            if slot in route.written:
                wanted = self._unwritten(route, released, wanted, level, shape)
            if not wanted:
                continue
            counted = (index, row[0], wanted)
            self.events[counted] = self.events.get(counted, 0) + 1
            if not route.outbox.takes_records:
                continue
            line = lines.get(wanted)
            if line is None:
                line = lines[wanted] = self._encode(released, row, wanted, level, shape)
            route.outbox.put(line, slot)

    def _unwritten(
        self,
        route: Route,
        released: Released,
        wanted: int,
        level: Commitment,
        shape: AccountShape | None,
    ) -> int:
        """Those of the wanted monitors for whom the sink does not hold the event yet, and may still get it."""
        version, row = released[3], released[5]
        versions = route.versions(row[1])
        wanted = versions.awaiting(row, version, wanted)
        if wanted:
            line = self._encode(released, row, wanted, level, shape)
            wanted &= ~route.written[row[1]].get(id_of(line), 0)
            self.repeated += not wanted
            versions.give(row, version, wanted)
        return wanted

    def _encode(
        self, released: Released, row: Row, mask: int, level: Commitment, shape: AccountShape | None
    ) -> bytes:
        received_at = self._utc_offset + (row[5] or int(self._clock.now() * 1e9))
        if row is self._block:
            start = self._writer.line(released, level, mask, received_at, (block_key(row), b""))
            return b"".join((start, *self._block_ends[shape]))
        names_write = level is Commitment.PROCESSED
        if shape is None:
            prepared = self._writer.prepare(released, None, names_write)
        else:
            names_write = names_write or shape.every_write
            prepared = self._writer.prepare(released, shape.data_slices, names_write)
        return self._writer.line(released, level, mask, received_at, prepared)


def id_of(line: bytes) -> bytes:
    """The id that a record begins with."""
    return line[_ID_BEGINS : line.index(b'"', _ID_BEGINS)]


def trimmed(row: Row, trim: BlockTrim) -> Row:
    """A block's row with the block cut to what one monitor asked for; the server was asked for more.

    Raises: FrameMalformed.
    """
    try:
        update = geyser_pb2.SubscribeUpdate.FromString(row[6] or b"")
    except DecodeError as error:
        raise FrameMalformed(f"slot {row[1]}: a block cannot be read: {error}") from error
    trim_block(update.block, trim)
    return (*row[:6], update.SerializeToString())


def account_shapes(monitors: Sequence[Monitor], *, slices_on_server: bool) -> list[AccountShape]:
    """Monitors that may get accounts, grouped by what these look like in their records."""
    masks: dict[tuple[tuple[DataSlice, ...] | None, bool], int] = {}
    for i, monitor in enumerate(monitors):
        if monitor.accounts is not None or monitor.blocks is not None:
            cut_here = monitor.data_slices if monitor.data_slices and not slices_on_server else None
            shape = (cut_here, monitor.every_write)
            masks[shape] = masks.get(shape, 0) | 1 << i
    return [AccountShape(mask, slices, every) for (slices, every), mask in masks.items()]
