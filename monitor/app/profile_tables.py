"""What endpoints are, as their last probe found it, shown to people: one row each."""

from collections.abc import Sequence

from rich.console import Console

from monitor.app.tables import Object, plain, table_of


def show_profiles(out: Console, endpoints: Sequence[Object]) -> None:
    """A table of all; an endpoint that was not probed yet has its name alone."""
    table = table_of("endpoint", "server", "family", "replay", "tip", "compression", "latency")
    for told in endpoints:
        profile = told["profile"]
        if profile is None:
            table.add_row(plain(told["endpoint"]), "", "", "", "", "", "")
            continue
        latency, tip = profile["latency"], profile["tip"]
        table.add_row(
            plain(told["endpoint"]),
            plain(profile["version"] or profile["refusal"]),
            plain(profile["family"]),
            replay_words(profile),
            "" if tip is None else str(tip),
            plain(profile["compression"]),
            "" if latency is None else f"{latency * 1000:.1f} ms",
        )
    out.print(table)


def replay_words(profile: Object) -> str:
    """`150 slots, from 99`, `from 99` where the tip is not known, `nothing yet`, `none`; empty: it did not say."""
    has_replay, floor, depth = profile["has_replay"], profile["floor"], profile["depth"]
    if has_replay is None:
        return ""
    if not has_replay:
        return "none"
    if floor is None:
        return "nothing yet"
    return f"from {floor}" if depth is None else f"{depth} slots, from {floor}"
