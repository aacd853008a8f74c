"""How a drill is shown to people: what is to be done, and what each failover cost."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from monitor.app.drill_plan import Plan
from monitor.app.tables import Object, plain, table_of


def show_plan(out: Console, plan: Plan) -> None:
    """What would be drained, in this order, and what is left out."""
    for name in plan.walk:
        out.print(plain(f"{name} would be drained, and promoted back"))
    show_left_out(out, plan)


def show_left_out(out: Console, plan: Plan) -> None:
    """Why some endpoints are not drained."""
    for why in plan.left_out:
        out.print(plain(f"left out: {why}"))


def show_costs(out: Console, costs: Sequence[Object]) -> None:
    """One row a failover, as `drill_cost.cost_view` tells it, then what is not as it should be."""
    table = table_of(
        "endpoint", "taken over by", "handed over", "back after", "lost slots", "recovered",
        "missed", "records", "duplicates", "longest pause", "added",
    )  # fmt: skip
    for cost in costs:
        table.add_row(
            plain(cost["endpoint"]),
            plain(cost["successor"] or "the others"),
            seconds_words(cost["handed_over_ms"]),
            seconds_words(cost["sound_again_ms"]),
            _counted(cost["lost_slots"], f"of {cost['slots']}"),
            str(cost["recovered_slots"]),
            str(cost["missed"]),
            "unknown" if cost["records"] is None else str(cost["records"]),
            _counted(cost["duplicates"]),
            pause_words(cost),
            "unknown" if cost["added_ms"] is None else f"{cost['added_ms']} ms",
        )
    out.print(table)
    for line in _verdict(costs):
        out.print(plain(line))


def seconds_words(milliseconds: int | None) -> str:
    """`2.1 s`; `never`."""
    return "never" if milliseconds is None else f"{milliseconds / 1000:.1f} s"


def pause_words(cost: Object) -> str:
    """`420 ms, 400 ms before`: without a line, meanwhile and while nothing was disturbed."""
    if cost["pause_ms"] is None:
        return "unknown"
    return f"{cost['pause_ms']} ms, {cost['pause_before_ms']} ms before"


def _counted(count: int | None, of: str = "") -> Text:
    words = "unknown" if count is None else f"{count} {of}".strip()
    return Text(words, "bold red" if count else "")


def _verdict(costs: Sequence[Object]) -> Iterator[str]:
    for cost in costs:
        if cost["fault"] is not None:
            yield f"{cost['endpoint']}: {cost['fault']}"
    clean = sum(bool(cost["clean"]) for cost in costs)
    of = f"{len(costs)} failover{'' if len(costs) == 1 else 's'}"
    yield f"{of}, {clean} of them went through without a lost or doubled event"
