"""The failover manager over a few endpoints: looks, and what came of them."""

from collections.abc import Sequence

from monitor.core.commands import Report
from monitor.core.deciding import decide
from monitor.core.deliberation import State
from monitor.core.endpoint_health import EndpointHealth, Role
from monitor.core.failover import Action, FailoverPolicy, Load, SetRole, ShedLoad


class Manager:
    """What is decided look after look, and performed at once."""

    def __init__(self, policy: FailoverPolicy, health: Sequence[EndpointHealth]) -> None:
        self.policy = policy
        self.state = State()
        self.roles: dict[int, Role] = {}
        self.load = Load.FULL
        self.why: list[str] = []
        """Every decision in words, the newest last."""
        self.look(0.0, health)

    def look(self, now: float, health: Sequence[EndpointHealth]) -> tuple[Action, ...]:
        """One look; what is to be done, log lines left out."""
        decision = decide(now, health, self.policy, self.state)
        self.state = decision.state
        self.why += [word.why for word in decision.words]
        for action in decision.actions:
            if isinstance(action, SetRole):
                self.roles[action.endpoint] = action.role
            elif isinstance(action, ShedLoad):
                self.load = action.load
        return tuple(each for each in decision.actions if not isinstance(each, Report))

    @property
    def hot(self) -> set[int]:
        """The endpoints that bring everything."""
        return {endpoint for endpoint, role in self.roles.items() if role is Role.HOT}
