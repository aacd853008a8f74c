"""What the failover manager is told of the configuration."""

from monitor.app.configuration import Configuration
from monitor.core.failover import FailoverPolicy, Strategy


def failover_policy(configuration: Configuration) -> FailoverPolicy:
    """The policy for `decide`; bounds that follow the slot time are put in as that is measured."""
    return FailoverPolicy(
        strategy=Strategy(configuration.failover.strategy),
        hot=configuration.failover.hot,
    )
