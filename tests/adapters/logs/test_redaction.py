from typing import Any

import pytest

from monitor.adapters.logs.redaction import Redaction

SECRETS = ["abcdef", "abcdef-longer", "xy"]


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("x abcdef y abcdef", "x *** y ***"),
        ("abcdef-longer", "***"),
        ("xy stays: too short to be a secret", "xy stays: too short to be a secret"),
        (["abcdef", ("abcdef",)], ["***", ["***"]]),
        ({"a": {"abcdef": 1}}, {"a": {"***": 1}}),
        ({"Token": "t", "X-Token": "t", "password": 5}, dict.fromkeys(["Token", "X-Token", "password"], "***")),
        ({"token": None}, {"token": None}),
        (ValueError("got abcdef"), "ValueError: got ***"),
        (5, 5),
        (None, None),
    ],
)  # fmt: skip
def test_secrets_are_replaced_wherever_they_stand(value: Any, cleaned: Any) -> None:
    assert Redaction(SECRETS).clean(value) == cleaned
