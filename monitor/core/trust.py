"""How far an endpoint is believed: lowered at once by what speaks against it, regained slowly by what it does right."""

from typing import Final

AUDIT_FACTOR: Final = 0.7
"""What an audit that finds something missing leaves of the trust: two of them isolate. Guessed."""
BLOCK_FACTOR: Final = 0.4
"""What another block than the chain's leaves of it: one isolates (DESIGN 6 calls that critical). Guessed."""
CLEAN_AUDIT: Final = 0.05
"""Regained by an audit that finds nothing. Guessed."""
CLEAN_SLOT: Final = 0.0005
"""Regained by a slot that it brought whole: 0.1 takes 200 of them, over a minute. Guessed."""


class Trust:
    """The trust in one endpoint, between 0 and 1."""

    def __init__(self) -> None:
        self.value = 1.0

    def audited(self, missing: int) -> None:
        """One of its slots was compared with an RPC, which had so many updates more."""
        if missing > 0:
            self.value *= AUDIT_FACTOR
        else:
            self._regain(CLEAN_AUDIT)

    def contradicted(self) -> None:
        """It told another block than the chain's."""
        self.value *= BLOCK_FACTOR

    def slot_was_whole(self) -> None:
        """It brought a slot of the chain with all that others had of it."""
        self._regain(CLEAN_SLOT)

    def _regain(self, part: float) -> None:
        self.value = min(1.0, self.value + part)
