"""How slots and the daemon's status are shown to people: tables on a terminal, plain text in a pipe."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.core.certificates import SlotEnd

_PIPE_COLUMNS: Final = 160
"""Width where no terminal says its own: wide enough that few cells are folded."""
_STYLES: Final[Mapping[str, str]] = {
    SlotEnd.COMPLETE: "green",
    SlotEnd.RECOVERED: "green",
    SlotEnd.PARTIAL: "bold red",
    SlotEnd.LOST: "bold red",
}
_HELD: Final = (SlotEnd.COMPLETE, SlotEnd.RECOVERED)
_OPEN: Final = (SlotEnd.PARTIAL, SlotEnd.LOST)

Object = Mapping[str, Any]
"""One JSON object of the API."""


def console() -> Console:
    """Standard output."""
    found = Console(highlight=False)
    if not found.is_terminal:
        found.width = max(found.width, _PIPE_COLUMNS)
    return found


def show_slots(out: Console, slots: Sequence[Object], wanted: int | None) -> None:
    """One row a slot, then the counts. `wanted`: how many slots were asked for, if that was said."""
    if slots:
        table = table_of("slot", "state", "proof", "brought by", "missed by", "delay")
        for slot in slots:
            state = str(slot["state"])
            table.add_row(
                str(slot["slot"]),
                Text(state, _STYLES.get(state, "")),
                plain(slot["proof"]),
                plain(sources_words(slot["sources"])),
                plain(", ".join(slot["missed_by"])),
                plain(delay_words(slot["delay_ms"])),
            )
        out.print(table)
    out.print(plain(slots_words(Counter(str(slot["state"]) for slot in slots), wanted)))


def sources_words(sources: Sequence[Object]) -> str:
    """`ams 42, nyc 40 in part`: what each endpoint brought of the block."""
    return ", ".join(
        f"{source['endpoint']} {source['transactions']}{'' if source['covers'] else ' in part'}"
        for source in sources
    )


def delay_words(delays: Mapping[str, float]) -> str:
    """`ams first, nyc +12.5 ms`."""
    ordered = sorted(delays.items(), key=lambda item: item[1])
    return ", ".join(f"{name} +{ms:.1f} ms" if ms else f"{name} first" for name, ms in ordered)


def slots_words(states: Mapping[str, int], wanted: int | None) -> str:
    """The last line: how many slots there are in each state, and how much of the chain is held."""
    total = sum(states.values())
    counts = [f"{states[end]} {end}" for end in SlotEnd if states.get(end)]
    missing = 0 if wanted is None else wanted - total
    if missing > 0:
        counts.append(f"{missing} without a certificate")
    held = sum(states.get(end, 0) for end in _HELD)
    produced = held + sum(states.get(end, 0) for end in _OPEN)
    shown = total + max(missing, 0)
    words = f"{shown} slot{'' if shown == 1 else 's'}"
    if counts:
        words += f": {', '.join(counts)}"
    return f"{words}; coverage {coverage_words(held, produced)}"


def coverage_words(held: int, produced: int) -> str:
    """`99.97 % (3499 of 3500 blocks)`, cut and not rounded: only the whole is called 100."""
    if not produced:
        return "unknown (no block yet)"
    hundredths = held * 10_000 // produced
    percent = f"{hundredths // 100}.{hundredths % 100:02d}".removesuffix(".00")
    return f"{percent} % ({held} of {produced} blocks)"


def show_status(out: Console, status: Object) -> None:
    """Ready or why not; the frontiers; coverage; endpoints; sinks."""
    if status["ready"]:
        out.print(Text("ready", "green"))
    else:
        out.print(Text("not ready", "bold red"))
        for reason in status["reasons"]:
            out.print(plain(f"  {reason}"))
    out.print(plain(f"frontiers  {frontier_words(status)}"))
    out.print(plain(f"commitment {level_words(status['commitment'])}"))
    coverage = status["coverage"]
    if coverage is not None:
        words = coverage_words(coverage["complete"], coverage["produced"])
        out.print(plain(f"coverage   {words}, counted by {coverage['counted_by']}"))
    if status["slots"]:
        counts = ", ".join(f"{count} {state}" for state, count in status["slots"].items())
        out.print(plain(f"slots      {counts}"))
    out.print(_endpoints(status["endpoints"]))
    out.print(_sinks(status["sinks"]))


def level_words(commitment: Object) -> str:
    """`confirmed since slot 120: 8.0 % of 200 slots were forks in 60 s: released at confirmed`."""
    since = commitment["since_slot"]
    begins = "" if since is None else f" since slot {since}"
    return f"{commitment['level']}{begins}: {commitment['reason']}"


def frontier_words(status: Object) -> str:
    """`tip 12, confirmed 10, finalized 9, on disk 9`."""
    known = [("tip", status["tip_slot"]), *status["frontiers"].items()]
    known.append(("on disk", status["durable_slot"]))
    return ", ".join(f"{name} {slot}" for name, slot in known if slot is not None) or "none yet"


def _endpoints(endpoints: Sequence[Object]) -> Table:
    table = table_of("endpoint", "feeds", "heard", "duplicates", "missed", "last ending")
    for endpoint in endpoints:
        age, ending = endpoint["last_message_age"], endpoint["last_ending"]
        table.add_row(
            plain(endpoint["endpoint"]),
            Text(str(endpoint["open_feeds"]), "" if endpoint["open_feeds"] else "bold red"),
            "never" if age is None else f"{age:.1f} s ago",
            str(endpoint["duplicates"]),
            str(endpoint["missed"]),
            plain(
                "" if ending is None else f"{ending['reason']}: {ending['text'] or ending['code']}"
            ),
        )
    return table


def _sinks(sinks: Sequence[Object]) -> Table:
    table = table_of("sink", "records", "queued bytes", "failures", "fails now")
    for sink in sinks:
        table.add_row(
            plain(sink["sink"]),
            str(sink["records"]),
            str(sink["queued_bytes"]),
            str(sink["failures"]),
            plain(sink["failing"] or "", "bold red"),
        )
    return table


def table_of(*columns: str) -> Table:
    """An empty table with these columns."""
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def plain(text: str, style: str = "") -> Text:
    """The text as it is: no markup, and what would move or colour the terminal written as an escape."""
    return Text("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text), style)
