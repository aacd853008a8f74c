"""The limits of a server that sets none."""

from dataclasses import fields

from monitor.simulator.limits import FilterLimits


def test_nothing_is_limited_by_default_but_names() -> None:
    limits = FilterLimits()
    assert limits.filter_name_size_limit == 128
    for section in fields(limits):
        own = getattr(limits, section.name)
        if section.name == "filter_name_size_limit":
            continue
        for limit in fields(own):
            assert getattr(own, limit.name) in (None, True, frozenset())
