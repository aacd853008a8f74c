"""How recovery is, as the API tells it: jobs, what was recovered and lost, the catch-up, the RPCs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.core.rungs import LADDER
from monitor.core.standing import REPAIR_BOUNDS, CatchUp, Standing
from monitor.ports import RpcTally
from monitor.wire.records import utc_text


@dataclass(frozen=True, slots=True)
class RecoveryState:
    """What there is to be told of one moment."""

    standing: Standing
    rpcs: Sequence[RpcTally]
    coverage: Mapping[str, object] | None
    """As the status tells it."""
    open_slots: int
    """Slots whose certificate says partial or lost."""


def recovery_view(
    state: RecoveryState, now: float, utc_ns: Callable[[int], int]
) -> dict[str, object]:
    """The state as plain JSON values, at `now` of the daemon's clock, whose `utc_ns` tells moments of it to people.

    Times are seconds; a number that is not known is None.
    """
    standing = state.standing
    deadline = standing.oldest_deadline
    return {
        "open_slots": state.open_slots,
        "jobs": [
            {"state": job_state, "rung": rung, "slots": slots}
            for (job_state, rung), slots in sorted(standing.jobs.items())
            if slots
        ],
        "oldest_deadline": None if deadline is None else round(deadline - now, 3),
        "recovered": {rung.value: standing.recovered.get(rung, 0) for rung in LADDER},
        "repairs": repairs_of(standing),
        "lost": standing.lost,
        "signed_off": standing.signed_off,
        "lost_ranges": [{"from": first, "to": end} for first, end in standing.lost_ranges],
        "coverage": state.coverage,
        "catch_up": catch_up_of(standing.catch_up, now, utc_ns),
        "rpcs": [_rpc(tally) for tally in state.rpcs],
    }


def repairs_of(standing: Standing) -> dict[str, object]:
    """How many slots were repaired, their mean time, and how many within each bound."""
    count = standing.repairs[-1]
    return {
        "count": count,
        "mean": round(standing.repair_seconds / count, 3) if count else None,
        "within": {
            f"{bound:g}": repaired
            for bound, repaired in zip(REPAIR_BOUNDS, standing.repairs, strict=False)
        },
    }


def catch_up_of(
    catch_up: CatchUp | None, now: float, utc_ns: Callable[[int], int]
) -> dict[str, object] | None:
    """The gap of the start: how much of it is closed, how quickly since then, and when it will be."""
    if catch_up is None:
        return None
    elapsed = now - catch_up.began_at
    rate = catch_up.done / elapsed if elapsed > 0 else 0.0
    left = (catch_up.slots - catch_up.done) / rate if rate > 0 else None
    return {
        "slots": catch_up.slots,
        "done": catch_up.done,
        "began_at": utc_text(utc_ns(int(catch_up.began_at * 1e9))),
        "rate": round(rate, 3),
        "seconds_left": None if left is None else round(left, 3),
        "estimated_end": None if left is None else utc_text(utc_ns(int((now + left) * 1e9))),
    }


def _rpc(tally: RpcTally) -> dict[str, object]:
    return {
        "rpc": tally.name,
        "calls": tally.calls,
        "errors": dict(sorted(tally.errors.items())),
        "waits": tally.waits,
        "wait_seconds": round(tally.wait_seconds, 3),
    }
