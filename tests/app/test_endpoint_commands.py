"""The command `endpoints`, on daemons of this process."""

import json
from dataclasses import replace

import pytest

from monitor.app.profile_view import profile_view
from tests.adapters.http.answers import ANSWERS
from tests.app.daemons import NOBODY
from tests.app.test_cli import ran, viewed
from tests.app.test_endpoints_view import ill, well
from tests.runtime.test_probing import PROFILE

pytestmark = pytest.mark.real_time
KNOWN = replace(ANSWERS, endpoints=lambda: {"endpoints": [ill(), well()]})


async def test_endpoints_are_shown_as_a_table_or_one_object_a_line() -> None:
    code, output = await viewed(KNOWN, "endpoints")
    assert code == 0
    assert {"ams", "nyc"} <= {line.split()[0] for line in output.splitlines() if line.split()}
    assert "it told block" not in output
    code, output = await viewed(KNOWN, "endpoints", "--json")
    assert code == 0
    assert [json.loads(line) for line in output.splitlines()] == [ill(), well()]


async def test_why_tells_what_was_found() -> None:
    code, output = await viewed(KNOWN, "endpoints", "--why")
    assert code == 0
    assert "block: it told block A of slot 9, and others told B, 3 times since slot 7" in output


async def test_profiles_tell_what_endpoints_run() -> None:
    profile = profile_view(PROFILE, lambda stamp: stamp)
    endpoints = {"endpoints": [well() | {"profile": profile}]}
    known = replace(ANSWERS, endpoints=lambda: endpoints)
    code, output = await viewed(known, "endpoints", "--profiles")
    assert code == 0
    assert "131 slots, from 70" in output


def test_without_a_daemon_it_is_1_in_one_line() -> None:
    code, output, error = ran("endpoints", "--api", NOBODY)
    assert (code, output) == (1, "")
    assert error.startswith(f"no daemon answers at {NOBODY}: ")
