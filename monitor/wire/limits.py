"""Whether monitors fit what an endpoint allows; a limit is a configuration error, never retried
(DESIGN 5).
"""

from collections.abc import Sequence
from typing import Final, Protocol

from monitor.core.errors import PlanRefused
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    DeshredFilter,
    EntryFilter,
    TransactionsFilter,
)

AnyFilter = TransactionsFilter | AccountsFilter | BlocksFilter | EntryFilter | DeshredFilter

_LONGEST_NAME: Final = 128
"""Bytes of a filter name; the server's default (PROTOCOL 4.7)."""


class Limits(Protocol):
    """What a plan needs to know of an endpoint: `monitor.ports.Endpoint` has it, and wire may not
    import ports.
    """

    @property
    def name(self) -> str:
        """The endpoint's name, for the refusal."""

    @property
    def max_filters(self) -> int | None:
        """Most filters of one kind in a request; None: unknown, taken as unlimited."""

    @property
    def max_pubkeys(self) -> int | None:
        """Most keys in one list of a filter; None: unknown, taken as unlimited."""

    @property
    def cuckoo(self) -> bool | None:
        """Whether its server reads cuckoo sets; None: unknown, taken as no."""


def check_name(name: str, endpoint: Limits) -> None:
    """Raises: PlanRefused for a monitor name that is no filter name."""
    if name.startswith("~"):
        raise PlanRefused(
            f"monitor {name}: names that begin with ~ are the daemon's own; rename it"
        )
    size = len(name.encode())
    if size > _LONGEST_NAME:
        raise PlanRefused(
            f"monitor {name}: its name has {size} bytes and endpoint {endpoint.name} takes"
            f" {_LONGEST_NAME}; shorten it"
        )


def check_keys(wanted: AnyFilter, word: str, monitors: Sequence[str], endpoint: Limits) -> None:
    """Each list is counted by itself, before doubles are dropped, as the server counts (PROTOCOL
    4.7).

    Raises: PlanRefused for a list longer than the endpoint allows.
    """
    if endpoint.max_pubkeys is None:
        return
    for field, keys in _lists(wanted):
        if len(keys) > endpoint.max_pubkeys:
            raise PlanRefused(
                f"endpoint {endpoint.name}: limits.pubkeys is {endpoint.max_pubkeys}, and"
                f" {word}.{field} of {_monitors(monitors)} has {len(keys)} keys;"
                " shorten the list, or use an endpoint that allows more"
            )


def refuse_filters(word: str, monitors: Sequence[str], endpoint: Limits, why: str) -> PlanRefused:
    """The refusal of more filters of a kind than the endpoint allows, where no superset can stand
    in.
    """
    return PlanRefused(
        f"endpoint {endpoint.name}: limits.filters is {endpoint.max_filters}, and {len(monitors)}"
        f" filters of {word} are asked for by {_monitors(monitors)}; {why}"
    )


def _monitors(names: Sequence[str]) -> str:
    return f"monitor {names[0]}" if len(names) == 1 else "monitors " + ", ".join(names)


def _lists(wanted: AnyFilter) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if isinstance(wanted, TransactionsFilter | DeshredFilter):
        return (
            ("account_include", wanted.account_include),
            ("account_exclude", wanted.account_exclude),
            ("account_required", wanted.account_required),
        )
    if isinstance(wanted, AccountsFilter):
        return (("account", wanted.account), ("owner", wanted.owner))
    if isinstance(wanted, BlocksFilter):
        return (("account_include", wanted.account_include),)
    return ()
