"""What the user decided, and what earlier processes left, as far as the kernel needs it."""

from dataclasses import dataclass, field

from monitor.core.certificates import Certificate
from monitor.core.chain import Commitment
from monitor.core.commitment import LevelPolicy, LevelStrategy
from monitor.core.failover import FailoverPolicy
from monitor.core.health import Placement
from monitor.core.inherited import Inherited
from monitor.core.level_history import Switch
from monitor.core.quorum import QuorumPolicy
from monitor.core.repair import RecoveryPolicy


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds."""

    commitment: Commitment
    """Of monitors that name none, while nothing else is decided."""
    hold: float = 2.0
    """How long a slot that no feed holds whole keeps later ones back (DESIGN 5)."""
    silence: float = 15.0
    """How long an open stream may bring nothing at all; servers ping every 10 s (PROTOCOL 2.4)."""
    start_slot: int | None = None
    """First slot of ours, asked for at the opening; None starts at the tip."""
    resume_slot: int | None = None
    """First slot of ours after a restart: feeds begin live, and a replay fills what lies between (DESIGN 5)."""
    closed: tuple[Certificate, ...] = ()
    """Of slots behind `resume_slot` that were closed, and handed on, before the restart; and the last block before it."""
    covers: int = 1
    """Whole covers that a filtered slot waits for, within `hold` (DESIGN 5)."""
    held_bytes: int | None = None
    """Frames that may wait for their level; above it the oldest slots lose theirs and are partial. None: no bound."""
    still_open: tuple[tuple[int, int], ...] = ()
    """Ranges of slots below `resume_slot` that were left open: first, end."""
    beside: tuple[Certificate, ...] = ()
    """Of blocks next to them, whose heights tell those of missing blocks."""
    recovery: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    placements: tuple[Placement, ...] = ()
    """By endpoint; none: nothing is known of any."""
    quorum: QuorumPolicy = field(default_factory=QuorumPolicy)
    """Who must agree on a block before it counts as confirmed."""
    can_amend: bool = True
    """Whether a second request can be sent on an open stream. When not, the first one asks for replays."""
    asks_floors: bool = False
    """Whether somebody performs `AskFloor`. When not, refusals tell how far back endpoints replay."""
    failover: FailoverPolicy | None = None
    """How several endpoints are used; None: all are hot."""
    drained: frozenset[int] = frozenset()
    """Endpoints that are not to be used until an operator says otherwise."""
    levels: LevelPolicy | None = None
    """Who chooses another commitment, and within which bounds; None: nobody does."""
    switches: tuple[Switch, ...] = ()
    """Of earlier processes, ascending: slots in flight keep the level that they had."""
    inherited: tuple[Inherited, ...] = ()
    """What sinks hold of slots that may be handed on again."""

    @property
    def level_policy(self) -> LevelPolicy:
        """`levels`, or that of a fixed commitment."""
        fixed, base = LevelStrategy.FIXED, self.commitment
        return self.levels or LevelPolicy(fixed, base, lowest=base, highest=base)
