"""On which terms slots are released."""

from dataclasses import dataclass

from monitor.core.needs import Needs


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms slots are released."""

    needs: Needs
    hold: float
    """Seconds for which a slot that is not whole, or without its parent, keeps later ones back."""
    covers: int = 1
    """Whole covers to wait for, as long as `hold` lasts."""
    witnesses: int = 1
    """Endpoints that have to replay a slot alike."""
    recovers: bool = False
    """Others than the streams can bring a slot."""
    divides: bool = False
    """Monitors are divided over feeds, or may be soon: which of them want a row is kept."""
