"""Random faults drawn from a seed, under which no region is ever whole, and all together are.

What makes the union whole. Regions lose apart (`Portion`): any two of them together hold everything of every slot.
And one region at a time is *ailing*: killed, mute, late or cut, and not yet back for good. So over every slot at least
two regions are *steady*: they heard all of it, on one stream to the daemon that was open from its beginning to its
end. `tests.scenarios.wholeness` holds this against what the simulator noted and against the streams that there were.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.scenarios.run import REGIONS, Fault

WORDS: Final = ("kill", "mute", "lag", "cut")
QUIET_START: Final = 5.0
"""Slots before the first episode."""
LONGEST: Final = 25.0
"""Slots that a region is killed, mute or late."""
RETURN: Final = 15.0
"""Slots until a region that is healed counts as steady; after a kill as many more as that took, since the back-off
of its endpoint doubles meanwhile."""
REST: Final = 20.0
"""Slots between the episodes of a region, at least, so that its back-off begins anew; others fall ill meanwhile."""


@dataclass(frozen=True)
class Episode:
    """One region's trouble. Slots count from the first; between `at_slot` and `well_at` no other region is ailing."""

    region: str
    name: str
    at_slot: float
    healed_at: float
    well_at: float
    argument: str | None = None


@dataclass(frozen=True)
class Storm:
    """A whole plan."""

    episodes: tuple[Episode, ...]
    drops: tuple[tuple[str, str, str], ...]
    """(region, fault, ratio) that hold all along."""

    def faults(self) -> list[Fault]:
        """In the order of time. A heal ends all faults of its region, so drops begin again right after it."""
        found = [Fault(-2.0, *drop) for drop in self.drops]
        for each in self.episodes:
            found.append(Fault(each.at_slot, each.region, each.name, each.argument))
            if each.name == "cut":
                continue
            found.append(Fault(each.healed_at, each.region, "heal"))
            again = [drop for drop in self.drops if drop[0] == each.region]
            found += [Fault(each.healed_at + 0.01, *drop) for drop in again]
        return sorted(found, key=lambda fault: fault.at_slot)


def draw_storm(seed: int, slots: int) -> Storm:
    """A storm over the first `slots` slots; the same seed gives the same. Every region meets every word in turn."""
    dice = Random(f"{seed}:storm")
    drops = tuple(
        (region, fault, f"{dice.uniform(*shares):.3f}")
        for region in REGIONS
        for fault, shares in (
            ("drop-tx", (0.3, 0.6)),
            ("drop-account", (0.1, 0.4)),
            ("drop-slot", (0.1, 0.4)),
        )
    )
    return Storm(tuple(_episodes(dice, slots)), drops)


def _episodes(dice: Random, slots: int) -> Iterator[Episode]:
    order = dice.sample(tuple(REGIONS), len(REGIONS))
    decks: dict[str, list[str]] = {region: [] for region in order}
    free_at = dict.fromkeys(order, 0.0)
    at = QUIET_START
    while True:
        for region in order:
            at = max(at, free_at[region]) + dice.uniform(1, 5)
            deck = decks[region] = decks[region] or dice.sample(WORDS, len(WORDS))
            episode = _episode(dice, region, deck.pop(), at)
            if episode.well_at > slots:
                return
            yield episode
            at = episode.well_at
            free_at[region] = at + REST


def _episode(dice: Random, region: str, name: str, at: float) -> Episode:
    if name == "cut":
        return Episode(region, name, at, at, at + RETURN)
    lasts = dice.uniform(3, LONGEST)
    healed_at = at + lasts
    well_at = healed_at + RETURN + (lasts if name == "kill" else 0.0)
    argument = f"{dice.uniform(0.1, 1.0):.2f}" if name == "lag" else None
    return Episode(region, name, at, healed_at, well_at, argument)
