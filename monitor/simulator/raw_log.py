"""What a server that relays has sent, in the order of sending: the source of its replays (PROTOCOL 2.9, 3.8)."""

from collections.abc import Iterator
from typing import Final

from typing_extensions import override

from monitor.core.chain import Commitment, SlotStatus
from monitor.simulator.received import Message, StatusNews
from monitor.simulator.rings import Repeater, Rings


class RawLog:
    """Messages of the newest slots, unfinished ones and lifecycle statuses among them."""

    def __init__(self, stored_slots: int) -> None:
        self._stored_slots = stored_slots
        self._messages: dict[int, list[tuple[int, Message]]] = {}
        """By slot: place in the order of arrival, and the message."""
        self._reached: dict[int, Commitment] = {}
        self._count = 0

    @property
    def oldest(self) -> int | None:
        """The oldest slot held, None when there is none."""
        return min(self._messages, default=None)

    def holds(self, slot: int) -> bool:
        """Whether anything of this slot is held."""
        return slot in self._messages

    def add(self, message: Message) -> None:
        """Keep what was just sent; the lowest slot goes when there are too many."""
        slot = message.slot
        if slot not in self._messages and not self._makes_room_for(slot):
            return
        self._count += 1
        self._messages[slot].append((self._count, message))
        if isinstance(message, StatusNews) and message.status <= SlotStatus.FINALIZED:
            level = Commitment(message.status)
            self._reached[slot] = max(level, self._reached.get(slot, level))

    def replay(
        self, from_slot: int, level: Commitment, created_at_ns: int
    ) -> Iterator[Message] | None:
        """All statuses from this slot on, and the contents of slots that have reached the level; never None."""
        del created_at_ns  # what is replayed keeps its own time
        found = [
            entry
            for slot, entries in self._messages.items()
            if slot >= from_slot
            for entry in entries
            if isinstance(entry[1], StatusNews) or self._is_at(slot, level)
        ]
        return iter([message for _, message in sorted(found, key=lambda entry: entry[0])])

    def _is_at(self, slot: int, level: Commitment) -> bool:
        return level is Commitment.PROCESSED or self._reached.get(slot, -1) >= level

    def _makes_room_for(self, slot: int) -> bool:
        if len(self._messages) >= self._stored_slots:
            lowest = min(self._messages, default=slot)
            if slot <= lowest:
                return False  # too old, or nothing is stored
            del self._messages[lowest]
            self._reached.pop(lowest, None)
        self._messages[slot] = []
        return True


class LoggedRings(Rings):
    """Rings of which all that goes out at processed is logged."""

    def __init__(self, repeater: Repeater, log: RawLog) -> None:
        super().__init__(repeater)
        self._log: Final = log

    @override
    def put(self, level: Commitment, message: Message) -> None:
        """Broadcast on one ring."""
        super().put(level, message)
        if level is Commitment.PROCESSED:
            self._log.add(message)
