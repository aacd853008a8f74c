"""What an operator asks of an endpoint: handed to the kernel, and answered with what was decided about it."""

from collections.abc import Callable, Sequence
from typing import Final

import anyio

from monitor.app.decision_view import decision_views
from monitor.app.profile_view import profile_view
from monitor.app.wiring import Daemon
from monitor.core.decision_history import Told
from monitor.core.errors import StoreFailed
from monitor.core.events import Wished
from monitor.core.failover import What
from monitor.core.wishes import Want, Wish

DECIDED_WITHIN: Final = 3.0
"""Seconds that are waited for a decision. Guessed: it takes one turn of the loop."""
PROBED_WITHIN: Final = 6.0
"""Seconds that are waited for a probe's findings: a second more than it waits for its endpoint, so that a refusal is told too."""
_LOOK: Final = 0.02
"""Seconds between two looks whether it is decided."""
_OUTCOMES: Final = {
    Want.DRAIN: (What.KEPT, What.DRAINED),
    Want.PROMOTE: (What.WAITS, What.PROMOTED),
    Want.RELEASE: (What.RELEASED,),
    Want.PROBE: (What.PROBED,),
}
"""Decisions that answer a wish; those that deny it come first."""


async def wished(
    daemon: Daemon, want: Want, name: str, lease: float | None = None
) -> dict[str, object]:
    """Ask this of an endpoint of the configuration; answers once it is decided, or `DECIDED_WITHIN` is over.

    `outcome` is the decision that answers the wish (a word of `core.failover.What`), None where none came in time;
    `decisions` are all of that moment about the endpoint. `unstored` says why a restart will undo it, None where it
    will not. Of a probe, `profile` is what it found. `lease`: seconds of a drain or a
    promotion that is to end by itself.
    """
    names = [endpoint.name for endpoint in daemon.configuration.endpoints]
    endpoint = names.index(name)
    asked_at = daemon.clock.now()

    def decided() -> list[Told]:
        told = daemon.driver.kernel.decisions.told(names, endpoint)
        return [each for each in told if each.at >= asked_at]

    def outcome() -> str | None:
        return outcome_of(want, name, decided())

    daemon.recovering.inbox.post(Wished(Wish(want, endpoint, lease)))
    await _until(lambda: outcome() is not None, DECIDED_WITHIN)
    answer: dict[str, object] = {
        "endpoint": name,
        "want": want.value,
        "outcome": outcome(),
        "decisions": decision_views(decided(), daemon.clock.utc_ns),
    }
    if want is not Want.PROBE:
        answer["unstored"] = await _store(daemon, name, endpoint)
    else:
        await _until(lambda: _is_probed(daemon, endpoint, asked_at), PROBED_WITHIN)
        found = (
            daemon.probing.profiles[endpoint] if _is_probed(daemon, endpoint, asked_at) else None
        )
        answer["profile"] = profile_view(found, daemon.clock.utc_ns)
    return answer


async def _store(daemon: Daemon, name: str, endpoint: int) -> str | None:
    """Store whether the endpoint is drained; why not, if that fails."""
    steering = daemon.driver.kernel.steering
    try:
        await daemon.books.keep_drain(name, lambda: endpoint in steering.wishes.lasting)
    except StoreFailed as error:
        return str(error)
    return None


def outcome_of(want: Want, name: str, decided: Sequence[Told]) -> str | None:
    """Which of these decisions answers the wish; None: none does."""
    told = {each.what for each in decided if name in (each.source, each.target)}
    return next((what.value for what in _OUTCOMES[want] if what.value in told), None)


def _is_probed(daemon: Daemon, endpoint: int, since: float) -> bool:
    profile = daemon.probing.profiles[endpoint]
    return profile is not None and profile.probed_at >= since


async def _until(what: Callable[[], bool], within: float) -> None:
    with anyio.move_on_after(within):
        while not what():  # noqa: ASYNC110 (the kernel wakes nobody: it knows no tasks)
            await anyio.sleep(_LOOK)
