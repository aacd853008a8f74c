"""Outages of all regions, losses in all of them at once, and RPCs that err and lie, drawn from a seed."""

from dataclasses import dataclass
from random import Random
from typing import Final

from tests.scenarios.run import REGIONS, Fault, Rpcs

OUTAGES: Final = (5, 30, 120)
"""Slots for which every region is gone."""
BEFORE: Final = 30
"""Slots before the first outage."""
BETWEEN: Final = 80
"""Slots after each, at least, in which regions come back."""
LOST: Final = 0.002
"""Share of transactions that every region loses, the same ones, and of account writes that each loses."""
ERRORS: Final = ("-32004", "-32007", "-32009", "null", "meta-null", "429", "429-date")
RATE: Final = 60.0
"""Requests a second that each RPC is asked at most."""
RPCS: Final = 3
ARCHIVES: Final = frozenset((2,))
_HONEST, _LIAR, _ARCHIVE = "rpc1", "rpc2", "rpc3"


@dataclass(frozen=True)
class Trouble:
    """A whole plan."""

    faults: tuple[Fault, ...]
    rpcs: Rpcs


def draw_trouble(seed: int, slots: int) -> Trouble:
    """Trouble over the first `slots` slots: as many outages as fit, shorter ones first where not all do."""
    dice = Random(f"{seed}:trouble")
    fitting = [outage for outage in OUTAGES if BEFORE + outage + BETWEEN < slots]
    while BEFORE + sum(fitting) + BETWEEN * len(fitting) > slots:
        fitting.pop()
    order = dice.sample(fitting, len(fitting))
    spare = slots - BEFORE - sum(fitting) - BETWEEN * len(fitting)
    faults = [
        Fault(-2.0, region, fault, f"{LOST}")
        for region in REGIONS
        for fault in ("lose-tx", "drop-account")
    ]
    at = float(BEFORE)
    for outage in order:
        at += dice.uniform(0, spare / len(order))
        faults += [Fault(at, region, "outage", str(outage)) for region in REGIONS]
        at += outage + BETWEEN
    return Trouble(
        tuple(faults),
        Rpcs(RPCS, tuple(rpc_faults(dice)), requests_per_second=RATE, archives=ARCHIVES),
    )


def rpc_faults(dice: Random) -> list[tuple[str, str, str | None]]:
    """What goes wrong at each RPC: (node, fault, argument)."""
    errs: list[tuple[str, str, str | None]] = [
        (name, "errors", f"{error} {dice.uniform(0.005, 0.03):.3f}")
        for name in (_HONEST, _LIAR, _ARCHIVE)
        for error in ERRORS
    ]
    errs += [(name, "mute", "0.02") for name in (_HONEST, _LIAR)]
    errs += [(_LIAR, "lie", "any 0.3"), (_ARCHIVE, "slow", "0.3")]
    return errs
