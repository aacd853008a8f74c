"""What the failover manager is told of the configuration, and what is shown of how it divides monitors."""

from collections.abc import Sequence

from monitor.app.configuration import Configuration
from monitor.core.chain import Kind
from monitor.core.connection import Connection
from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.monitors import Monitor
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.wire.units import mask_of, statuses_ask_for_keys, units_of


def failover_policy(configuration: Configuration) -> FailoverPolicy:
    """The policy for `decide`; bounds that follow the slot time are put in as that is measured."""
    return FailoverPolicy(
        strategy=Strategy(configuration.failover.strategy),
        hot=configuration.failover.hot,
        units=units_of(configuration.monitors),
    )


def indivisible(configuration: Configuration) -> str | None:
    """Why spread cannot divide these monitors, as one sentence without a full stop; None where it can, or need not."""
    failover, monitors = configuration.failover, configuration.monitors
    if failover.strategy != "spread" or not failover.enabled or len(units_of(monitors)) > 1:
        return None
    whys = []
    if mask_of(monitors, Kind.ACCOUNT).bit_count() > 1:
        whys.append("one feed has to tell which write of an account is a slot's last")
    if statuses_ask_for_keys(monitors) and _many_ask_for_statuses(monitors):
        whys.append("a status names no accounts to tell monitors apart by")
    why = ", and ".join(whys) or "there are not two that ask for updates of their own"
    return f"spread carries all monitors on two feeds, since they must stay together: {why}"


def carried_names(connection: Connection, monitors: Sequence[Monitor]) -> list[str] | None:
    """The monitors that a hot endpoint carries, by name, where they are divided; None where they are not."""
    carried = connection.carried
    if connection.scope is not Scope.EVERYTHING or carried == EVERY_MONITOR:
        return None
    return [monitor.name for bit, monitor in enumerate(monitors) if carried >> bit & 1]


def _many_ask_for_statuses(monitors: Sequence[Monitor]) -> bool:
    return mask_of(monitors, Kind.TRANSACTION_STATUS).bit_count() > 1
