"""The tree of errors: every one of ours is in it, and in its drawing."""

import inspect

from monitor.core import errors

OURS = [error for _, error in inspect.getmembers(errors, inspect.isclass)]


def test_every_error_of_ours_is_caught_by_one_name() -> None:
    assert all(issubclass(error, errors.MonitorError) for error in OURS)


def test_the_drawing_names_every_error() -> None:
    assert errors.__doc__ is not None
    assert [error.__name__ for error in OURS if error.__name__ not in errors.__doc__] == []


def test_a_malformed_frame_brings_the_rows_before_it() -> None:
    assert errors.FrameMalformed("it did not parse").rows == []
    row = (4, 5, b"key", 1, 0, 0, b"frame")
    assert errors.FrameMalformed("it did not parse", [row]).rows == [row]
