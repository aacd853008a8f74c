"""What every endpoint is like: kept from what the kernel sees, told as `EndpointHealth` (DESIGN 6)."""

from monitor.core.findings import Cause, Findings
from monitor.core.gate import Gate
from monitor.core.trust import Trust


class Health:
    """All endpoints."""

    def __init__(self, endpoints: int, gate: Gate) -> None:
        self.trust = [Trust() for _ in range(endpoints)]
        self.findings = [Findings() for _ in range(endpoints)]
        self._gate = gate

    def audited(self, endpoint: int, slot: int, missing: int, now: float) -> None:
        """A slot that the endpoint brought was compared with an RPC, which had so many updates more."""
        self.trust[endpoint].audited(missing)
        if missing > 0:
            found = f"an RPC had {missing} more updates of slot {slot} than it sent"
            self._find(endpoint, Cause.AUDIT, slot, found, now)

    def _find(self, endpoint: int, cause: Cause, slot: int, sentence: str, now: float) -> None:
        if self.findings[endpoint].add(cause, slot, sentence, now):
            facts = {"endpoint": endpoint, "cause": cause.value, "why": sentence}
            self._gate.report("error", "something was found against an endpoint", **facts)
