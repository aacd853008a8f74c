"""What a configuration leaves beyond recovery, in words: no mistake, but worth knowing before it happens."""

from collections.abc import Iterator

from monitor.app.configuration import Configuration
from monitor.app.ladder import all_name_pubkeys
from monitor.core.monitors import Monitor


def beyond_recovery(configuration: Configuration) -> Iterator[str]:
    """Each as one sentence without a full stop."""
    early = [monitor.name for monitor in configuration.monitors if monitor.deshred is not None]
    if early:
        yield (
            f"deshred ({', '.join(early)}) is neither replayed nor certified: "
            "what comes while no endpoint is open is missed"
        )
    if not configuration.recovery.enabled:
        yield "recovery is off: what no stream brings stays partial"
    elif not configuration.rpc:
        yield "there is no rpc: slots that no endpoint can replay any more cannot be recovered"
    else:
        names = [monitor.name for monitor in configuration.monitors if _needs_streams(monitor)]
        if names:
            yield (
                "no rpc tells whole blocks as one event, entries, or accounts without a list of pubkeys "
                f"({', '.join(names)}): "
                "of slots that no endpoint can replay any more they cannot be recovered"
            )
        named = [monitor.name for monitor in configuration.monitors if _names_pubkeys(monitor)]
        if named and not all_name_pubkeys(configuration.monitors):
            yield (
                f"beside monitors of accounts without a list of pubkeys those with one ({', '.join(named)}) "
                "get no states in place of lost writes: slots that no endpoint can replay any more stay lost"
            )


def _names_pubkeys(monitor: Monitor) -> bool:
    return monitor.accounts is not None and bool(monitor.accounts.account)


def _needs_streams(monitor: Monitor) -> bool:
    is_told_whole = monitor.blocks is not None or monitor.entry is not None
    return is_told_whole or (monitor.accounts is not None and not monitor.accounts.account)
