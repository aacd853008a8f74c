"""What the kernel is told of the commitment that the user wants, and what of it can have no effect."""

from collections.abc import Iterator

from monitor.app.configuration import Configuration
from monitor.core.commitment import LevelPolicy, LevelStrategy


def level_policy(configuration: Configuration) -> LevelPolicy:
    """Who chooses the level, and between which."""
    wanted = configuration.commitment
    return LevelPolicy(
        LevelStrategy(wanted.strategy),
        base=wanted.level,
        lowest=wanted.lowest,
        highest=wanted.highest,
        max_latency=wanted.max_latency,
        max_throughput=wanted.max_throughput,
    )


def released_at(configuration: Configuration) -> str:
    """The level, or those that it may be, in a few words."""
    wanted = configuration.commitment
    words = [level.name.lower() for level in (wanted.level, wanted.lowest, wanted.highest)]
    if wanted.strategy == LevelStrategy.FIXED or words[1] == words[2]:
        return words[0]
    return f"{words[0]}, adaptive from {words[1]} to {words[2]}"


def vain_wishes(configuration: Configuration) -> Iterator[str]:
    """A sentence for each wish that no level can be chosen for."""
    wanted = configuration.commitment
    wishes = {"max_latency": wanted.max_latency, "max_throughput": wanted.max_throughput}
    for key, wish in wishes.items():
        if wish is None:
            continue
        if wanted.strategy == LevelStrategy.FIXED:
            yield f"commitment.{key} has no effect: the strategy is fixed; write adaptive"
        elif wanted.lowest == wanted.level:
            low = wanted.level.name.lower()
            yield f"commitment.{key} has no effect: the profile allows nothing below {low}"
