"""How far back an endpoint may be asked to replay, as far as its answers and its refusals have told."""

from collections.abc import Callable
from typing import Final

from monitor.core.connection import Connection
from monitor.core.endings import Ending, EndReason

REPEAT_LIMIT: Final = 2
"""Requests for one from_slot at one endpoint within REPEAT_WINDOW (DESIGN 6)."""
REPEAT_WINDOW: Final = 60.0
FLOOR_MARGIN: Final = 4
"""Slots above a server's replay floor to ask for, since the floor moves while we ask; doubled with each refusal
in a row. Guessed."""
REFUSAL_LIMIT: Final = 3
"""Refused replays of one endpoint within REPEAT_WINDOW after which it is left alone. Guessed."""

Missing = Callable[[int | None, int], int | None]
"""`missing(covered, above)`: `Holes.missing_from`."""


def is_willing(connection: Connection, now: float) -> bool:
    """Whether the endpoint may be asked for some from_slot now."""
    _forget_old(connection, now)
    is_tired = len(connection.refused) >= REFUSAL_LIMIT
    return not (connection.replay_off or connection.stores_nothing or is_tired)


def may_replay(connection: Connection, first: int, now: float) -> bool:
    """Whether the endpoint may be asked for this from_slot now, and may have it."""
    may_have = is_willing(connection, now) and first >= connection.replays_from
    return may_have and not _was_asked_often(connection, first)


def learn(connection: Connection, ending: Ending, asked: int | None) -> None:
    """What the end of a stream says of the endpoint's replay; `asked`: the from_slot, if it had one."""
    if ending.reason == EndReason.REPLAY_OFF:
        connection.replay_off = True
    elif ending.reason == EndReason.REPLAY_EXPIRED:
        oldest = ending.floor if ending.floor is not None else asked
        if oldest is not None:
            set_floor(connection, oldest)
            connection.holds_from = None


def set_floor(connection: Connection, oldest: int) -> None:
    """The endpoint holds nothing older than this slot."""
    connection.replayed_below = max(connection.replayed_below, oldest)
    again = max(len(connection.refused) - 1, 0)
    connection.floor = oldest + FLOOR_MARGIN * 2**again


def wanted_from(
    connection: Connection, missing: Missing, covered: int | None, now: float
) -> int | None:
    """What to ask the endpoint to replay from, or None: nothing is missing, or it is not to be asked now."""
    _forget_old(connection, now)
    if connection.replay_off or len(connection.refused) >= REFUSAL_LIMIT:
        return None
    if covered is not None and covered < (connection.holds_from or 0):
        return None  # it keeps nothing of what is missing
    wanted = _at_floor(connection, missing(covered, 0), covered)
    if wanted is not None and _was_asked_often(connection, wanted):
        # A slot that this endpoint cannot bring must not keep it from bringing later ones.
        wanted = _at_floor(connection, missing(covered, connection.replayed_below), covered)
    if wanted is None or _was_asked_often(connection, wanted):
        return None
    return wanted


def was_asked(connection: Connection, first: int, now: float) -> bool:
    """Whether the endpoint was asked for this from_slot of late."""
    return any(slot == first and now < at + REPEAT_WINDOW for at, slot in connection.asked)


def _forget_old(connection: Connection, now: float) -> None:
    connection.asked = [(at, slot) for at, slot in connection.asked if now < at + REPEAT_WINDOW]
    connection.refused = [at for at in connection.refused if now < at + REPEAT_WINDOW]


def _at_floor(connection: Connection, wanted: int | None, covered: int | None) -> int | None:
    """The slot, or what the endpoint still has from it on."""
    if wanted is None or connection.floor is None or wanted >= connection.replays_from:
        return wanted
    return max(wanted, connection.floor if covered is None else min(connection.floor, covered))


def _was_asked_often(connection: Connection, wanted: int) -> bool:
    return sum(slot == wanted for _, slot in connection.asked) >= REPEAT_LIMIT
