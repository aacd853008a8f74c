"""Look after look at a few endpoints whose figures a test changes."""

from dataclasses import replace
from typing import Any

from monitor.core.deciding import Decision, decide
from monitor.core.deliberation import State
from monitor.core.endpoint_health import Delay, EndpointHealth, Role
from monitor.core.failover import Action, FailoverPolicy, Strategy, What
from monitor.core.wishes import Want, Wish


def sound(endpoint: int, **figures: Any) -> EndpointHealth:
    """An endpoint that nothing is wrong with."""
    known: dict[str, Any] = {
        "provider": f"p{endpoint}",
        "is_open": True,
        "lag": 0.1,
        "delay": Delay(p50=0.005),
        "covered": 100,
    }
    return EndpointHealth(endpoint, **{**known, **figures})


class Looks:
    """Endpoints, the policy, and what is remembered between two looks."""

    def __init__(self, count: int, strategy: Strategy = Strategy.RACE, **policy: Any) -> None:
        self.health = [sound(i) for i in range(count)]
        self.policy = FailoverPolicy(strategy, **policy)
        self.state = State()
        self.last = Decision((), self.state, ())

    def figures(self, endpoint: int, **figures: Any) -> None:
        """Change what is seen of an endpoint."""
        self.health[endpoint] = replace(self.health[endpoint], **figures)

    def at(
        self, now: float, *wishes: tuple[Want, int]
    ) -> list[tuple[What, int | None, int | None]]:
        """Look; what was decided."""
        asked = [Wish(want, endpoint) for want, endpoint in wishes]
        self.last = decide(now, self.health, self.policy, self.state, asked)
        self.state = self.last.state
        return [(each.what, each.source, each.target) for each in self.last.words]

    def settle(self, now: float = 0.0) -> None:
        """The first look, long ago."""
        self.at(now)

    def actions(self, kind: type[Action]) -> list[Action]:
        """What was asked for at the last look, of one kind."""
        return [each for each in self.last.actions if isinstance(each, kind)]

    def hot(self) -> list[int]:
        """Endpoints that are hot."""
        return self.of_role(Role.HOT)

    def of_role(self, role: Role) -> list[int]:
        """Endpoints that have this role."""
        return [i for i, place in enumerate(self.state.places) if place.role is role]

    def why(self) -> str:
        """The words of the last look."""
        return "; ".join(each.why for each in self.last.words)
