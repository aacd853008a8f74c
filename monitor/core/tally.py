"""What the core counts, for metrics."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """What the core counts, for metrics."""

    duplicates: list[int]
    """By origin: copies that another had brought first, or that came twice."""
    missed: list[int] = field(default_factory=list)
    """By endpoint: updates of closed slots that its unbroken stream should have brought, and did not."""
    stale: int = 0
    """Updates of slots that are closed, or below all that is ours."""
    late: int = 0
    """Events handed on after their slot had been released."""
    shed: int = 0
    """Held updates that were dropped for want of memory; their slots are partial."""
    undos: int = 0
    """Versions of slots that were taken back."""
    slots: dict[str, int] = field(default_factory=dict)
    """Certificates by end; one that was made again counts as what it came to."""

    def close(self, end: str, count: int = 1) -> None:
        """Count so many more slots that ended so; below zero takes back."""
        self.slots[end] = self.slots.get(end, 0) + count
