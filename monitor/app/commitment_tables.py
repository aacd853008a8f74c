"""How the commitment is shown to people: the level, its bounds, what is wrong with the chain, and the decisions."""

from rich.console import Console

from monitor.app.tables import Object, level_words, plain, table_of


def show_commitment(out: Console, commitment: Object) -> None:
    """The level and why; who chooses, and between which; troubles; one row a decision."""
    out.print(plain(level_words(commitment)))
    out.print(plain(chooser_words(commitment)))
    for words in commitment["troubles"]:
        out.print(plain(f"now: {words}"))
    if not commitment["decisions"]:
        return
    table = table_of("at", "from", "to", "why")
    for decision in commitment["decisions"]:
        cells = (decision["at"], decision["from"], decision["to"], decision["reason"])
        table.add_row(*map(plain, cells))
    out.print(table)


def chooser_words(commitment: Object) -> str:
    """`adaptive, processed to finalized, confirmed while the chain is calm`, and what was wished for or pinned."""
    if commitment["pinned"] is not None:
        return f"an operator says {commitment['pinned']}"
    if commitment["strategy"] == "fixed":
        return "fixed"
    words = (
        f"adaptive, {commitment['lowest']} to {commitment['highest']}, "
        f"{commitment['base']} while the chain is calm"
    )
    if commitment["max_latency"] is not None:
        words += f"; at most {commitment['max_latency']:g} s is wished for"
    if commitment["max_throughput"] is not None:
        words += f"; above {commitment['max_throughput']:g} events/s less is wished for"
    return words
