"""What the kernel is told of the quorum that the user wants."""

from monitor.app.configuration import Configuration
from monitor.core.quorum import QuorumPolicy


def quorum_policy(configuration: Configuration) -> QuorumPolicy:
    """How many providers must agree on a block, and what happens where too few can be heard."""
    failover = configuration.failover
    return QuorumPolicy(
        configuration.confirm_quorum, failover.quorum_wait, is_strict=failover.quorum_strict
    )
