"""A queue in the middle of its work, for tests of what is shown of it."""

from collections import Counter

from monitor.core.jobs import JobState
from monitor.core.rungs import Rung
from monitor.core.standing import REPAIR_BOUNDS, CatchUp, Standing
from monitor.ports import RpcTally

NOW = 1000.0
"""The moment of `BUSY`."""

IDLE = Standing(
    jobs={},
    recovered={},
    lost=0,
    signed_off=0,
    oldest_deadline=None,
    repairs=(0,) * (len(REPAIR_BOUNDS) + 1),
    repair_seconds=0.0,
    catch_up=None,
)

BUSY = Standing(
    jobs={
        (JobState.OPEN, Rung.REPLAY): 9,
        (JobState.OPEN, Rung.RPC): 2,
        (JobState.LEASED, Rung.RPC): 4,
        (JobState.LOST, Rung.ARCHIVE): 3,
    },
    recovered={Rung.REPLAY: 200, Rung.RPC: 100},
    lost=4,
    signed_off=1,
    oldest_deadline=NOW + 35.0,
    repairs=(200, 270, 290, 295, 300, 300, 300, 300, 300, 300, 300),
    repair_seconds=240.0,
    catch_up=CatchUp(slots=3000, done=1200, began_at=NOW - 48.0),
    lost_ranges=((300_000_123, 300_000_124), (300_000_200, 300_000_202)),
)

RPCS = (
    RpcTally("main", calls=120, errors=Counter({"-32004": 6, "http 429": 2}), waits=5, wait_seconds=1.5),
    RpcTally("spare"),
)  # fmt: skip
