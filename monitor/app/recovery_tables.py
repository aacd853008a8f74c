"""How recovery is shown to people: its jobs, what it brought, a bar for the catch-up, what is lost, the RPCs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from monitor.app.tables import Object, coverage_words, plain, table_of
from monitor.core.jobs import JobState
from monitor.core.rungs import LADDER

_BAR: Final = 30
"""Characters of the bar."""
_SHOWN_RANGES: Final = 10
"""Ranges of lost slots in one line; `--json` has more."""


def show_recoveries(out: Console, looks: Iterable[Object]) -> None:
    """Show each look: on a terminal in the place of the one before, in a pipe below it."""
    if not out.is_terminal:
        for told in looks:
            out.print(page(told))
        return
    with Live(console=out, auto_refresh=False, vertical_overflow="visible") as live:
        for told in looks:
            live.update(page(told), refresh=True)


def page(told: Object) -> RenderableType:
    """All that one look shows."""
    return Group(*_parts(told))


def _parts(told: Object) -> Iterator[RenderableType]:
    coverage = told["coverage"]
    if coverage is not None:
        words = coverage_words(coverage["complete"], coverage["produced"])
        yield plain(f"coverage   {words}, counted by {coverage['counted_by']}")
    yield plain(f"open       {open_words(told)}")
    yield plain(f"recovered  {recovered_words(told['recovered'], told['repairs'])}")
    yield plain(f"lost       {lost_words(told)}", "bold red" if told["lost_ranges"] else "")
    if told["lost_ranges"]:
        yield plain(
            "           chain-monitor recovery sign-off FIRST [LAST] --reason TEXT --state-dir DIR"
        )
    if told["catch_up"] is not None:
        yield plain(f"catch-up   {catch_up_words(told['catch_up'])}")
    if told["jobs"]:
        yield _jobs(told["jobs"])
    if told["rpcs"]:
        yield _rpcs(told["rpcs"])


def open_words(told: Object) -> str:
    """`12 slots, 3 of them in work; the nearest deadline is in 35.0 s`."""
    jobs = told["jobs"]
    waiting = sum(job["slots"] for job in jobs if job["state"] != JobState.LOST)
    leased = sum(job["slots"] for job in jobs if job["state"] == JobState.LEASED)
    if not waiting:
        return "nothing is being recovered"
    words = f"{slots(waiting)}, {leased} of them in work"
    deadline = told["oldest_deadline"]
    if deadline is None:
        return words
    if deadline < 0:
        return f"{words}; the nearest deadline was {lasting(-deadline)} ago"
    return f"{words}; the nearest deadline is in {lasting(deadline)}"


def recovered_words(recovered: Mapping[str, int], repairs: Object) -> str:
    """`300 slots (200 replay, 100 rpc), 0.8 s each on average`."""
    parts = ", ".join(f"{count} {rung}" for rung, count in recovered.items() if count)
    words = slots(sum(recovered.values())) + (f" ({parts})" if parts else "")
    return words if repairs["mean"] is None else f"{words}, {repairs['mean']:.1f} s each on average"


def lost_words(told: Object) -> str:
    """`9 slots, 1 signed off; not signed off: 300000123, 300000200..300000206`."""
    words = slots(told["lost"])
    if told["signed_off"]:
        words += f", {told['signed_off']} signed off"
    ranges = told["lost_ranges"]
    if not ranges:
        return words
    named = [
        str(one["from"]) if one["to"] == one["from"] + 1 else f"{one['from']}..{one['to'] - 1}"
        for one in ranges[:_SHOWN_RANGES]
    ]
    if len(ranges) > _SHOWN_RANGES:
        named.append("and more")
    return f"{words}; not signed off: {', '.join(named)}"


def catch_up_words(catch_up: Object) -> str:
    """A bar, how much of the gap is closed, how quickly, and when all of it will be."""
    done, total = catch_up["done"], catch_up["slots"]
    share = done / total if total else 1.0
    filled = int(share * _BAR)
    words = (
        f"[{'#' * filled}{'-' * (_BAR - filled)}] {int(share * 100)} %: {done} of {slots(total)}, "
        f"{catch_up['rate']:.1f} slots/s"
    )
    if done >= total:
        return f"{words}, done"
    left = catch_up["seconds_left"]
    if left is None:
        return f"{words}, end unknown"
    return f"{words}, about {lasting(left)} left, until {catch_up['estimated_end'][:19]}Z"


def lasting(seconds: float) -> str:
    """`0.4 s`, `35 s`, `2 min 5 s`, `3 h 20 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, left = divmod(minutes, 60)
    if hours:
        return f"{hours} h {left} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def slots(count: int) -> str:
    """`1 slot`, `2 slots`."""
    return f"{count} slot{'' if count == 1 else 's'}"


def _jobs(jobs: Sequence[Object]) -> Table:
    counts = {(job["state"], job["rung"]): job["slots"] for job in jobs}
    table = table_of("slots", *LADDER)
    for state in JobState:
        row = [counts.get((state, rung), 0) for rung in LADDER]
        if any(row):
            style = "bold red" if state == JobState.LOST else ""
            table.add_row(Text(state, style), *(str(count) if count else "" for count in row))
    return table


def _rpcs(rpcs: Sequence[Object]) -> Table:
    table = table_of("rpc", "calls", "errors", "waits for its rate")
    for rpc in rpcs:
        errors = ", ".join(f"{count} of {code}" for code, count in rpc["errors"].items())
        waits = f"{rpc['waits']}, {lasting(rpc['wait_seconds'])} in all" if rpc["waits"] else ""
        table.add_row(plain(rpc["rpc"]), str(rpc["calls"]), plain(errors), waits)
    return table
