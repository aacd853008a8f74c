"""How endpoints are shown to people: how each does, what it is, and with `--why` what was found and decided about it."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.app.tables import Object, plain, table_of
from monitor.core.endpoint_health import Circuit, Role

_TRUSTED = 0.5
"""Below this an endpoint is isolated."""


def show_endpoints(out: Console, endpoints: Sequence[Object], *, why: bool) -> None:
    """A table of all, their profiles, and what each carries if that differs; with `why` findings and decisions below, the newest first."""
    table = table_of(
        "endpoint", "role", "stream", "lag", "silent", "misses", "first", "delay", "trust",
        "last ending",
    )  # fmt: skip
    for told in endpoints:
        trust, ending = told["trust"], told["last_ending"]
        table.add_row(
            plain(told["endpoint"]),
            plain(role_words(told)),
            Text(stream_words(told), "" if told["open"] else "bold red"),
            "" if told["lag"] is None else f"{told['lag']:.1f} s",
            f"{told['silent_for']:.1f} s" if told["open"] else "",
            share_words(told["miss_rate"]),
            share_words(told["first_share"]),
            delay_words(told["delay"]),
            Text(f"{trust:.2f}", "" if trust >= _TRUSTED else "bold red"),
            plain(
                "" if ending is None else f"{ending['reason']}: {ending['text'] or ending['code']}"
            ),
        )
    out.print(table)
    if any(told["profile"] is not None for told in endpoints):
        out.print(_profiles(endpoints))
    if any(told["carries"] is not None for told in endpoints):
        out.print(_shares(endpoints))
    if why:
        for line in _why(endpoints):
            out.print(plain(line))


def role_words(told: Object) -> str:
    """`hot`; `hot, promoted`; `drained`; `hot, to be drained`: it goes once another one can stand in for it."""
    if told["promoted"]:
        return f"{told['role']}, {'' if told['role'] == Role.HOT else 'to be '}promoted"
    if not told["drained"]:
        return str(told["role"])
    ends_in = told["drain_ends_in"]
    during = "" if ends_in is None else f" for {ends_in:.0f} s"
    return f"drained{during}" if told["role"] == Role.OFF else f"{told['role']}, to be drained"


def stream_words(told: Object) -> str:
    """`open`, `closed`, `open, half_open circuit`, `closed, needs a person`."""
    words = ["open" if told["open"] else "closed"]
    if told["circuit"] != Circuit.CLOSED:
        words.append(f"{told['circuit']} circuit")
    if told["needs_person"]:
        words.append("needs a person")
    return ", ".join(words)


def share_words(share: float) -> str:
    """`0 %`, `0.1 %`, `33 %`: small shares with their digits, since one in a thousand matters."""
    percent = share * 100
    if not share:
        return "0 %"
    return f"{percent:.0f} %" if percent >= 10 else f"{max(percent, 0.0001):.2g} %"


def delay_words(delay: Object) -> str:
    """`12 / 40 / 90 ms`: half of the slots, 95 and 99 of a hundred; empty while nothing was compared."""
    parts = [delay["p50"], delay["p95"], delay["p99"]]
    if None in parts:
        return ""
    return f"{' / '.join(f'{seconds * 1000:.0f}' for seconds in parts)} ms"


def replay_words(profile: Object) -> str:
    """`131 slots`, `none`, `some`; empty while nobody has said."""
    if profile["depth"] is not None:
        return f"{profile['depth']} slots"
    return {True: "some", False: "none"}.get(profile["has_replay"], "")


def _profiles(endpoints: Sequence[Object]) -> Table:
    table = table_of("endpoint", "server", "version", "replays", "answers in", "refused")
    for told in endpoints:
        profile = told["profile"]
        if profile is None:
            table.add_row(plain(told["endpoint"]), "not probed yet")
            continue
        latency = profile["latency"]
        table.add_row(
            plain(told["endpoint"]),
            plain(profile["family"]),
            plain(profile["version"] or ""),
            replay_words(profile),
            "" if latency is None else f"{latency * 1000:.0f} ms",
            plain(profile["refusal"] or ""),
        )
    return table


def _shares(endpoints: Sequence[Object]) -> Table:
    """Which monitors each hot endpoint brings, where they are divided."""
    table = table_of("endpoint", "carries")
    for told in endpoints:
        if told["carries"] is not None:
            table.add_row(plain(told["endpoint"]), plain(", ".join(told["carries"])))
        elif told["role"] == Role.HOT:
            table.add_row(plain(told["endpoint"]), "everything")
    return table


def decision_words(decision: Object) -> str:
    """`replaced ams -> nyc: its stream is closed for 5.0 s`: who lost by it, who gained, and why."""
    about = " -> ".join(name for name in (decision["from"], decision["to"]) if name is not None)
    what = str(decision["what"]).replace("_", " ")
    return f"{what} {about}: {decision['why']}" if about else f"{what}: {decision['why']}"


def _why(endpoints: Sequence[Object]) -> Iterator[str]:
    for told in endpoints:
        if told["findings"]:
            yield f"{told['endpoint']}:"
        else:
            yield f"{told['endpoint']}: nothing was found against it"
        for found in told["findings"]:
            times = f", {found['count']} times since slot {found['first_slot']}"
            since = times if found["count"] > 1 else ""
            yield f"  {found['at'][:19]}Z {found['cause']}: {found['why']}{since}"
        for decision in told["decisions"]:
            yield f"  {decision['at'][:19]}Z decided: {decision_words(decision)}"
