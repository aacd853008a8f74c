"""Virtual time by default: async tests run on trio with a clock that jumps when nothing can run.

Under it nothing may wait on a thread or a socket. Tests of adapters and end to end override the backend.
"""

import os
from collections.abc import Mapping
from typing import Any

import hypothesis
import pytest
import trio.testing

hypothesis.settings.register_profile("dev", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=500, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
hypothesis.settings.load_profile("dev")


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return ("trio", {"clock": trio.testing.MockClock(autojump_threshold=0)})
