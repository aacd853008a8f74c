"""The earliest of several deadlines. They are asked for after every few rows, so it makes no list and no generator."""


def earliest(*deadlines: float | None) -> float | None:
    """The first of these to come, in seconds of their clock; None: nothing is waited for."""
    first: float | None = None
    for each in deadlines:
        if each is not None and (first is None or each < first):
            first = each
    return first
