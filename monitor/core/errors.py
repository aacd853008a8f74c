"""Every error of ours, in one tree.

MonitorError
├── ConfigurationRefused   the user's configuration cannot be used; exit 78
├── StateDirectoryBusy     another daemon owns the state directory; exit 1
├── ListenRefused          our HTTP address cannot be had; exit 1
├── SinkFailed             a sink could not take what it was given
├── CatchUpRefused         a start would have to catch up with more than the user allows; exit 1
├── ReaderLeft             whoever read our standard output has left for good; exit 1
├── StoreFailed            the ledger's database could not be opened, read or written
├── SpillFailed            what waits on disk could not be written, read or understood
│   ├── SpillFull          the disk, or the bound of the spill, leaves no room
│   └── SpillTorn          a segment is not there, or not what was written
├── StowedMalformed        bytes that are no stowed slot
├── DaemonNotAsked         a running daemon could not be asked over its API; exit 1
├── DrillBroken            a drill of failovers cannot begin, or cannot go on; exit 1
├── PlanRefused            monitors cannot be asked of an endpoint within its limits
├── FrameMalformed         bytes of a server that are no SubscribeUpdate
├── SimulatorFailed        the simulator cannot have a port or a file that it needs; exit 1
├── FaultRefused           the simulator cannot do what was asked of it
├── AccountsMalformed      a getMultipleAccounts answer that is none
└── BlockMalformed         a getBlock answer that is no whole block
    └── BlockUnfinished    one that may be whole when it is asked for again
"""

from monitor.core.events import Row


class MonitorError(Exception):
    """What, where, and what to do, in one line fit for a user."""


class ConfigurationRefused(MonitorError):
    """The configuration has mistakes; `str()` holds one line a mistake."""


class StateDirectoryBusy(MonitorError):
    """Another daemon holds the lock of the state directory; the message names its pid."""


class ListenRefused(MonitorError):
    """The address of our HTTP server is taken, or not ours."""


class SinkFailed(MonitorError):
    """A sink could not be opened or written."""


class CatchUpRefused(MonitorError):
    """The gap that a start found is larger than `recovery.max_catchup_slots`; the text says what can be chosen."""


class ReaderLeft(MonitorError):
    """Nobody reads our standard output any more, nor ever will: trying again is pointless, so the daemon ends."""


class StoreFailed(MonitorError):
    """The ledger's database cannot be opened, read or written; the message names the file and the remedy."""


class SpillFailed(MonitorError):
    """A segment of the spill cannot be written, read or understood; the message names the file and the remedy."""


class SpillFull(SpillFailed):
    """There is no room: the disk is full, or `spill.max_bytes` is reached. Nothing was written."""


class SpillTorn(SpillFailed):
    """What was stowed of a slot is lost: its segment is not there, or not what was written."""


class StowedMalformed(MonitorError):
    """These bytes are no slot that this release stowed."""


class DaemonNotAsked(MonitorError):
    """No daemon answers at the address, or what answers is none, or it refuses the question."""


class DrillBroken(MonitorError):
    """A drill of failovers cannot begin, or cannot go on; the message says what is still drained."""


class PlanRefused(MonitorError):
    """Monitors do not fit an endpoint's limits; names endpoint, limit and monitor."""


class FrameMalformed(MonitorError):
    """A server sent bytes that do not parse as a SubscribeUpdate.

    `rows` are those of the frames before it in the same batch, in the layout of `monitor.core.events`.
    """

    def __init__(self, message: str, rows: list[Row] | None = None) -> None:
        super().__init__(message)
        self.rows = rows or []


class SimulatorFailed(MonitorError):
    """The simulator cannot have a port or a file that it needs; the message names it."""


class FaultRefused(MonitorError):
    """The simulator could not be reached, or cannot do what it was asked to do."""


class AccountsMalformed(MonitorError):
    """A JSON-RPC server answered getMultipleAccounts with something that cannot be read as states of accounts."""


class BlockMalformed(MonitorError):
    """A JSON-RPC server answered getBlock with something that cannot be read as a whole block."""


class BlockUnfinished(BlockMalformed):
    """The block is null, or one of its transactions has no meta: a node that has not finished writing it."""
